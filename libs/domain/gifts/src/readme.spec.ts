import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lowestUuidV7At } from '@giftmesh/kernel-ids';
import * as gifts from './index';

describe('README.md', () => {
  it('has an example that works', () => {
    const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');
    const code = /^```ts\n([\s\S]*?)^```/m.exec(readme)?.[1]?.replace(/^import .*\n/gm, '') ?? '';
    expect(code).toContain('priceGift(');
    const { checkOrder, priceGift, seededCatalogue, seededRooms } = gifts;
    const parts = { checkOrder, priceGift, seededCatalogue, seededRooms, eventId: lowestUuidV7At(1_000), nowMs: 2_000 };
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the example is text in the README, and to be run
    const seen: unknown = new Function(...Object.keys(parts), code)(...Object.values(parts));
    const price = seededCatalogue().find(300)?.price ?? 0n;
    expect(seen).toEqual({
      price,
      paid: -3n * price,
      got: [{ userId: 9_000_001n, assetType: 'coin', incr: 3n * price }],
    });
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as money from '@giftmesh/domain-money';
import { SAMPLE_START_MS, sampleGift } from '@giftmesh/domain-money/testing';
import { DURABLE_REDIS, startRedis } from '@giftmesh/tool-infra';
import * as redis from './index';

type Example = (...values: readonly unknown[]) => Promise<unknown>;

describe('README.md', () => {
  it('has an example of the balance store that works', async () => {
    const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');
    const code = /^```ts\n([\s\S]*?)^```/m.exec(readme)?.[1]?.replace(/^import .*\n/gm, '') ?? '';
    expect(code).toContain('store.debit(');
    const server = await startRedis({ args: DURABLE_REDIS });
    try {
      const event = sampleGift({ id: 1, from: 501n, amount: 30n });
      const parts = { ...money, ...redis, event, generation: 3, nowMs: SAMPLE_START_MS, url: server.url };
      const AsyncFunction = (async () => undefined).constructor as new (...texts: readonly string[]) => Example;
      const seen = await new AsyncFunction(...Object.keys(parts), code)(...Object.values(parts));
      expect(seen).toMatchObject({
        first: { kind: 'decided', duplicate: false, pending: { seq: 1, generation: 3, opUserBalance: 70n } },
        again: { kind: 'decided', duplicate: true },
        waiting: 1,
      });
    } finally {
      await server.kill();
    }
  });
});

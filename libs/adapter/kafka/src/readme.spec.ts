import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serverFor, type BorrowedServer } from '@giftmesh/tool-infra';
import { KafkaEventLog } from './index';
import { textCodec } from './kafka-test-kit';

type Example = (...values: readonly unknown[]) => Promise<unknown>;

describe('README.md', () => {
  let kafka: BorrowedServer;
  beforeAll(async () => {
    kafka = await serverFor('kafka');
  }, 60_000);
  afterAll(() => kafka.giveBack());

  it('has an example that works', async () => {
    const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');
    const code = /^```ts\n([\s\S]*?)^```/m.exec(readme)?.[1]?.replace(/^import .*\n/gm, '') ?? '';
    expect(code).toContain('log.append(');
    const parts = { KafkaEventLog, brokers: kafka.url.split(','), codec: textCodec };
    const AsyncFunction = (async () => undefined).constructor as new (...texts: readonly string[]) => Example;
    expect(await new AsyncFunction(...Object.keys(parts), code)(...Object.values(parts))).toEqual({
      end: { partition: 1, offset: 1 },
      records: [{ partition: 1, offset: 0, content: { ok: true, value: 'a gift' } }],
    });
  }, 30_000);
});

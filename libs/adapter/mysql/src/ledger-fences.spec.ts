import { PositionConflictError, ShardMap, type LedgerSlice, type LogEntry } from '@giftmesh/domain-money';
import { eventEntry, fenceEntry, sampleDecided } from '@giftmesh/domain-money/testing';
import type { MysqlLedger } from './ledger';
import { lossyLink, type LossyLink } from './lossy-link';
import { freshDatabase, useTestServer, type TestDatabase } from './mysql-test-kit';

const SHARDS = new ShardMap(16, 4);
const ALICE = 1n;
const HOME = SHARDS.partitionOf(ALICE);
const AWAY = (HOME + 1) % 4;
const FENCE = fenceEntry([SHARDS.shardOf(ALICE)], 7);

const server = useTestServer();
let link: LossyLink;
let database: TestDatabase;
let ledger: MysqlLedger;
let other: MysqlLedger;
/** How often the ledger has read the fences. */
let reads: number;
let ids: number;
beforeEach(async () => {
  database = await freshDatabase(server.url);
  link = await lossyLink(server.port);
  const url = database.url.replace(`:${server.port}/`, `:${link.port}/`);
  ledger = await database.open({ url, allowUnsafeServer: true });
  other = await database.open({ allowUnsafeServer: true });
  [reads, ids] = [0, 0];
  link.onStatement = (text) => ((reads += text.startsWith('SELECT shard, fence') ? 1 : 0), 'pass');
});
afterEach(async () => {
  await ledger.close();
  await link.close();
  await database.drop();
});

const old = (): LogEntry => eventEntry(sampleDecided({ id: (ids += 1), from: ALICE, to: 2n, seq: ids }));
const slice = (partition: number, fromOffset: number, ...entries: LogEntry[]): LedgerSlice => ({
  partition,
  fromOffset,
  toOffset: fromOffset + entries.length,
  entries,
  parked: [],
});

describe('fences', () => {
  test('are read once by the only applier of a partition', async () => {
    expect(await ledger.apply([slice(HOME, 0, FENCE)])).toMatchObject({ fenced: 0 });
    for (let offset = 1; offset < 5; offset += 1)
      expect(await ledger.apply([slice(HOME, offset, old())])).toMatchObject({ applied: 0, fenced: 1 });
    expect(reads).toBe(1);
  });

  test('of another applier are seen by the one that had the partition before', async () => {
    await ledger.apply([slice(HOME, 0, old())]);
    await other.apply([slice(HOME, 1, FENCE)]);
    await expect(ledger.apply([slice(HOME, 1, old())])).rejects.toThrow(PositionConflictError);
    expect(await ledger.apply([slice(HOME, 2, old())])).toMatchObject({ applied: 0, fenced: 1 });
    expect(reads).toBe(2);
  });

  test('bear on an event that stands in another partition than its payer’s, whoever has raised them', async () => {
    await ledger.apply([slice(AWAY, 0, old())]);
    await other.apply([slice(HOME, 0, FENCE)]);
    expect(await ledger.apply([slice(AWAY, 1, old())])).toMatchObject({ applied: 0, fenced: 1 });
    await ledger.apply([slice(HOME, 1, old())]);
    expect(await ledger.apply([slice(AWAY, 2, old()), slice(HOME, 2, old())])).toMatchObject({ fenced: 2 });
  });
});

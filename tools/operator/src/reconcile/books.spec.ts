import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteEventLog, SqliteLedger } from '@giftmesh/adapter-sqlite';
import { ShardMap, type LogEntry } from '@giftmesh/domain-money';
import { eventEntry, sampleDecided } from '@giftmesh/domain-money/testing';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { openBooks } from './books';

const SHARDS = new ShardMap(8, 2);
const ALICE = 1n;
const PARTITION = SHARDS.partitionOf(ALICE);
const gift = (seq: number): LogEntry => eventEntry(sampleDecided({ id: seq, from: ALICE, to: 9n, seq }));

describe('openBooks', () => {
  let path: string;
  let log: SqliteEventLog<LogEntry>;
  let ledger: SqliteLedger;
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'giftmesh-books-'));
    log = new SqliteEventLog<LogEntry>({
      path: folder().logPath,
      codec: moneyLogCodec,
      partitionCount: 2,
      writer: 'inline',
    });
    ledger = new SqliteLedger({ path: folder().ledgerPath, clock: new SimulatedClock(), shards: SHARDS });
  });
  afterEach(async () => {
    await log.close();
    await ledger.close();
    rmSync(path, { recursive: true });
  });

  const folder = () => ({ path, ledgerPath: join(path, 'ledger.sqlite'), logPath: join(path, 'events.sqlite') });
  const append = (entry: LogEntry): Promise<void> => log.append([{ partition: PARTITION, value: entry }]);
  const apply = (offset: number, entry: LogEntry) =>
    ledger.apply([{ partition: PARTITION, fromOffset: offset, toOffset: offset + 1, entries: [entry], parked: [] }]);

  it('are of one moment of the ledger, with the log never behind it, while a mesh goes on', async () => {
    const books = openBooks(folder(), SHARDS);
    try {
      await append(gift(1));
      await apply(0, gift(1));
      await append(gift(2));
      const { events, problems } = await books.unapplied();
      expect(events.map(({ seq }) => seq)).toEqual([1, 2]);
      expect(problems).toEqual([]);
      expect((await books.ledger.audit({})).events).toBe(0);
      await books.ledger.refresh();
      expect((await books.unapplied()).events.map(({ seq }) => seq)).toEqual([2]);
      expect((await books.ledger.audit({})).events).toBe(1);
    } finally {
      await books.close();
    }
  });

  it('say when there is no log', async () => {
    const books = openBooks({ ...folder(), logPath: join(path, 'none.sqlite') }, SHARDS);
    expect((await books.unapplied()).problems).toEqual([expect.stringContaining('there is no log')]);
    await books.close();
  });

  it('let the ledger go when the log can’t be read', async () => {
    expect(() => openBooks(folder(), new ShardMap(8, 4))).toThrow('has 2 partitions, and 4 are configured');
    await log.close();
    await ledger.close();
    // The last who closes a file takes its write-ahead log away.
    expect(readdirSync(path)).toEqual(['events.sqlite', 'ledger.sqlite']);
  });
});

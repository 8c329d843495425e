import { eventEntry, sampleDecided, sampleOrder } from '@giftmesh/domain-money/testing';
import { LedgerRejectError, type LogEntry } from '@giftmesh/domain-money';
import type { MysqlLedger } from './ledger';
import { KEYS_PER_QUERY } from './ledger-accounts';
import { RECORDS_PER_STATEMENT } from './ledger-records';
import { auditLedgerDatabase } from './ledger-view';
import { lossyLink, type LossyLink } from './lossy-link';
import { freshDatabase, useTestServer, type TestDatabase } from './mysql-test-kit';

const STAR = 5_000n;
const gift = (n: number, payer = BigInt(n % 50) + 1n): LogEntry =>
  eventEntry(sampleDecided({ id: n, from: payer, to: STAR, amount: 1n, seq: Math.floor((n - 1) / 50) + 1 }));
const gifts = (from: number, to: number): LogEntry[] =>
  Array.from({ length: to - from }, (_, index) => gift(from + index));

const server = useTestServer();
let link: LossyLink;
let database: TestDatabase;
let ledger: MysqlLedger;
let inserts: string[];
beforeEach(async () => {
  database = await freshDatabase(server.url);
  link = await lossyLink(server.port);
  const url = database.url.replace(`:${server.port}/`, `:${link.port}/`);
  ledger = await database.open({ url, allowUnsafeServer: true });
  inserts = [];
  link.onStatement = (text) => {
    if (text.startsWith('INSERT INTO user_asset_record')) inserts.push(text);
    return 'pass';
  };
});
afterEach(async () => {
  await ledger.close();
  await link.close();
  await database.drop();
});

async function apply(entries: readonly LogEntry[], partition = 0): ReturnType<MysqlLedger['apply']> {
  const fromOffset = (await ledger.positions()).find((one) => one.partition === partition)?.offset ?? 0;
  return ledger.apply([{ partition, fromOffset, toOffset: fromOffset + entries.length, entries, parked: [] }]);
}

describe('the records of a batch', () => {
  test('go in one statement when all are new', async () => {
    expect(await apply(gifts(1, 101))).toMatchObject({ applied: 100, duplicates: 0 });
    expect(inserts).toHaveLength(1);
  });

  test('of more than a statement holds, some known in each of them', async () => {
    const count = RECORDS_PER_STATEMENT + 300;
    const known = gifts(1, count).filter((_, index) => index % 97 === 3);
    await apply(known);
    inserts = [];
    const result = await apply(gifts(1, count));
    expect(result).toMatchObject({ applied: count - 1 - known.length, duplicates: known.length });
    expect(result.settled).toHaveLength(count - 1);
    // Three statements, each taken back once.
    expect(inserts).toHaveLength(6);
    expect((await ledger.counters([STAR]))[0]?.credited).toBe(BigInt(count - 1));
    const { differences } = await auditLedgerDatabase({ url: database.url });
    expect(differences.filter(({ kind }) => kind !== 'conservation' && kind !== 'anomaly')).toEqual([]);
  });

  test('that are all known are looked up, and nothing is written', async () => {
    const count = KEYS_PER_QUERY + 50;
    await apply(gifts(1, count));
    inserts = [];
    expect(await apply(gifts(1, count))).toMatchObject({ applied: 0, duplicates: count - 1, counters: [] });
    expect(inserts).toHaveLength(1);
  });

  test('a poison one in the middle of many is named', async () => {
    await ledger.applyOrder(sampleOrder(60, STAR, 5n));
    // A gift to herself under the id of her own order.
    const poison = eventEntry(sampleDecided({ id: 60, from: STAR, to: STAR, seq: 1 }));
    await expect(apply([...gifts(1, 50), poison, ...gifts(70, 90)])).rejects.toThrow(
      /of user 5000 has the id of an order/,
    );
    await expect(apply([...gifts(1, 50), poison])).rejects.toThrow(LedgerRejectError);
    expect(await ledger.positions()).toEqual([]);
  });

  test('the same event in two partitions at once counts once', async () => {
    const other = await database.open({ allowUnsafeServer: true });
    for (let round = 0; round < 10; round += 1) {
      const entries = gifts(1 + round * 20, 21 + round * 20);
      const slice = { fromOffset: round * 20, toOffset: round * 20 + 20, entries, parked: [] };
      const results = await Promise.all([
        ledger.apply([{ ...slice, partition: 0 }]),
        other.apply([{ ...slice, partition: 1 }]),
      ]);
      expect(results.reduce((sum, { applied }) => sum + applied, 0)).toBe(20);
      expect(results.every(({ settled }) => settled.length === 20)).toBe(true);
    }
    expect((await ledger.counters([STAR]))[0]?.credited).toBe(200n);
  });
});

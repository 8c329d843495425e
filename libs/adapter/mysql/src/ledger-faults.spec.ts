import { setTimeout as delay } from 'node:timers/promises';
import { createConnection, type Connection } from 'mysql2/promise';
import {
  LedgerRejectError,
  PositionConflictError,
  ShardMap,
  type Ledger,
  type LedgerSlice,
} from '@giftmesh/domain-money';
import {
  applyAtEnd,
  eventEntry,
  fenceEntry,
  sampleDecided,
  sampleId,
  sampleOrder,
} from '@giftmesh/domain-money/testing';
import { LedgerUnavailableError } from './ledger-database-error';
import type { MysqlLedger } from './ledger';
import { auditLedgerDatabase } from './ledger-view';
import { lossyLink, type LossyLink } from './lossy-link';
import { LOCK_WAITS_MAX } from './mysql-connections';
import { freshDatabase, useTestServer, type TestDatabase } from './mysql-test-kit';

const ALICE = 1n;
const STAR = 2n;
const SHARDS = new ShardMap(16, 4);
const gift = (n: number) => eventEntry(sampleDecided({ id: n, from: ALICE, to: STAR, amount: 1n, seq: n }));
const slice = (fromOffset: number, numbers: readonly number[], partition = 0): LedgerSlice => ({
  partition,
  fromOffset,
  toOffset: fromOffset + numbers.length,
  entries: numbers.map(gift),
  parked: [],
});

// Nothing here can see whether a commit is on disk: ledger-server-faults.spec.ts kills servers that sync.
const server = useTestServer();
let link: LossyLink;
let database: TestDatabase;
let ledger: MysqlLedger;
/** The database behind the link. */
const throughLink = (): string => database.url.replace(`:${server.port}/`, `:${link.port}/`);

beforeEach(async () => {
  database = await freshDatabase(server.url);
  link = await lossyLink(server.port);
  ledger = await database.open({
    url: throughLink(),
    lockWaitS: 1,
    statementTimeoutMs: 2_000,
    allowUnsafeServer: true,
  });
  await ledger.applyOrder(sampleOrder(900, ALICE, 1_000_000n));
  await ledger.apply([slice(0, [1])]);
});
afterEach(async () => {
  await ledger.close();
  await link.close();
  await database.drop();
});

/** Proves that the books agree with themselves, and tells how many gifts STAR has. */
async function starHas(): Promise<bigint> {
  expect((await auditLedgerDatabase({ url: database.url })).differences).toEqual([]);
  return (await ledger.counters([STAR]))[0]?.credited ?? 0n;
}

const offsetOf = async (at: Ledger): Promise<number> => (await at.positions())[0]?.offset ?? 0;

describe('a connection that breaks', () => {
  test.each([
    'START TRANSACTION',
    'SELECT log_partition',
    'INSERT INTO event_position',
    'INSERT INTO user_asset_record',
    'FROM user_asset FORCE INDEX (PRIMARY)',
    'INSERT INTO user_asset (',
    'COMMIT',
  ])('before the server has %s: nothing is written, and the same call succeeds later', async (statement) => {
    link.onStatement = (text) => (text.includes(statement) ? 'cut' : 'pass');
    await expect(ledger.apply([slice(1, [2, 3])])).rejects.toThrow(LedgerUnavailableError);
    expect(ledger.healthy()).toBe(false);
    link.onStatement = () => 'pass';
    expect(await ledger.apply([slice(1, [2, 3])])).toMatchObject({ applied: 2, duplicates: 0 });
    expect(ledger.healthy()).toBe(true);
    expect(await starHas()).toBe(3n);
  });

  test('when the commit was done and not answered: the same call conflicts, and nothing counts twice', async () => {
    link.onStatement = (text) => (text === 'COMMIT' ? 'cut_the_answer' : 'pass');
    await expect(ledger.apply([slice(1, [2, 3])])).rejects.toThrow(LedgerUnavailableError);
    link.onStatement = () => 'pass';
    await expect(ledger.apply([slice(1, [2, 3])])).rejects.toThrow(PositionConflictError);
    expect(ledger.healthy()).toBe(true);
    expect(await offsetOf(ledger)).toBe(3);
    expect(await starHas()).toBe(3n);
  });

  test('during the commit of an order or a reversal: the same call says that it is known', async () => {
    const calls = {
      order: () => ledger.applyOrder(sampleOrder(901, STAR, 5n)),
      reversal: () =>
        ledger.reverse({ eventId: sampleId(902), originalEventId: sampleId(1), opUserId: ALICE, amount: 0n }),
    };
    for (const call of Object.values(calls)) {
      link.onStatement = (text) => (text === 'COMMIT' ? 'cut_the_answer' : 'pass');
      await expect(call()).rejects.toThrow(LedgerUnavailableError);
      link.onStatement = () => 'pass';
      expect(await call()).toMatchObject({ duplicate: true });
    }
    expect((await auditLedgerDatabase({ url: database.url })).differences).toEqual([]);
  });

  test('with a fence in the batch: it stands if and only if the batch does', async () => {
    const [shard, partition] = [SHARDS.shardOf(ALICE), SHARDS.partitionOf(ALICE)];
    const at = async (): Promise<number> =>
      (await ledger.positions()).find((position) => position.partition === partition)?.offset ?? 0;
    const fence = async (): Promise<LedgerSlice> => {
      const offset = await at();
      return { ...slice(offset, [], partition), toOffset: offset + 1, entries: [fenceEntry([shard], 5)] };
    };
    await ledger.apply([slice(await at(), [2], partition)]);
    for (const [fate, fenced] of [
      ['cut', 0],
      ['cut_the_answer', 1],
    ] as const) {
      const batch = await fence();
      link.onStatement = (text) => (text === 'COMMIT' ? fate : 'pass');
      await expect(ledger.apply([batch])).rejects.toThrow(LedgerUnavailableError);
      link.onStatement = () => 'pass';
      expect(await ledger.apply([slice(await at(), [3 + fenced], partition)])).toMatchObject({ fenced });
    }
  });
});

describe('others at work on the same rows', () => {
  test('two appliers of one partition race: each stretch is applied once, by one of them', async () => {
    const stretches = Array.from({ length: 12 }, (_, index) =>
      slice(
        1 + index * 3,
        [2, 3, 4].map((n) => n + index * 3),
      ),
    );
    let conflicts = 0;
    const settle = async (own: MysqlLedger): Promise<void> => {
      for (;;) {
        const offset = await offsetOf(own);
        const next = stretches.find(({ fromOffset }) => fromOffset === offset);
        if (next === undefined) return;
        await own.apply([next]).catch((error: unknown) => {
          expect(error).toBeInstanceOf(PositionConflictError);
          conflicts += 1;
        });
      }
    };
    await Promise.all([
      settle(ledger),
      settle(await database.open({ allowUnsafeServer: true })),
      settle(await database.open({ allowUnsafeServer: true })),
    ]);
    expect(conflicts).toBeGreaterThan(0);
    expect(await offsetOf(ledger)).toBe(37);
    expect(await starHas()).toBe(37n);
  });

  test('of two stretches that begin at the same place, one is applied and the other refused', async () => {
    const other = await database.open({ allowUnsafeServer: true });
    for (let round = 0; round < 15; round += 1) {
      const from = await offsetOf(ledger);
      const [short, long] = [slice(from, [from + 1]), slice(from, [from + 1, from + 2, from + 3])];
      const answers = await Promise.allSettled([ledger.apply([short]), other.apply([long])]);
      const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
      expect(refused).toEqual([expect.any(PositionConflictError)]);
      expect(await offsetOf(ledger)).toBe(answers[0].status === 'fulfilled' ? short.toOffset : long.toOffset);
    }
    expect(await starHas()).toBe(BigInt(await offsetOf(ledger)));
  });

  test('appliers of other partitions with the same new accounts and the same streamer: all count', async () => {
    const other = await database.open({ allowUnsafeServer: true });
    const batch = (partition: number, at: number) => ({
      partition,
      fromOffset: at,
      toOffset: at + 5,
      parked: [],
      entries: Array.from({ length: 5 }, (_, index) =>
        eventEntry(
          sampleDecided({
            id: 1_000 + partition * 100 + at + index,
            from: ALICE,
            to: BigInt(50 + at + index),
            amount: 1n,
            seq: 2 + partition * 20 + at + index,
          }),
        ),
      ),
    });
    const run = async (own: MysqlLedger, partition: number): Promise<void> => {
      for (const at of [0, 5, 10, 15]) await own.apply([batch(partition, at)]);
    };
    await Promise.all([run(ledger, 1), run(other, 2)]);
    const payees = await ledger.counters(Array.from({ length: 20 }, (_, index) => BigInt(50 + index)));
    expect(payees.map(({ credited }) => credited)).toEqual(Array(20).fill(2n));
    expect((await ledger.counters([ALICE]))[0]?.debited).toBe(41n);
  });

  /** Resolves when somebody waits for a lock. */
  const untilSomebodyWaits = async (): Promise<void> => {
    const waiting = "SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'";
    // Asked more often than every 100 ms, the server answers what it has answered before.
    while ((await database.query(waiting)).length === 0) await delay(150);
  };

  test('a deadlock that the ledger loses is tried again as a whole', async () => {
    const rival = await freshRival();
    // Of two, the one that has written less is the victim.
    await rival.query('CREATE TABLE ballast (x INT PRIMARY KEY)');
    await rival.beginTransaction();
    await rival.query(`INSERT INTO ballast VALUES ${Array.from({ length: 500 }, (_, n) => `(${n})`).join()}`);
    await rival.query(`SELECT * FROM user_asset WHERE user_id = ${STAR} FOR UPDATE`);
    let begun = 0;
    link.onStatement = (text) => ((begun += text === 'START TRANSACTION' ? 1 : 0), 'pass');
    const applying = ledger.apply([slice(1, [2, 3])]);
    await untilSomebodyWaits();
    await rival.query(`SELECT * FROM user_asset WHERE user_id = ${ALICE} FOR UPDATE`);
    await rival.commit();
    expect(await applying).toMatchObject({ applied: 2 });
    expect(begun).toBeGreaterThan(1);
    expect(await starHas()).toBe(3n);
    await rival.end();
  });

  test('a lock that is not given back in time is waited for again, and not for ever', async () => {
    const rival = await freshRival();
    await rival.beginTransaction();
    await rival.query(`SELECT * FROM user_asset WHERE user_id = ${STAR} FOR UPDATE`);
    let begun = 0;
    link.onStatement = (text) => ((begun += text === 'START TRANSACTION' ? 1 : 0), 'pass');
    await expect(ledger.apply([slice(1, [2, 3])])).rejects.toThrow(LedgerUnavailableError);
    expect(begun).toBe(LOCK_WAITS_MAX);
    const applying = ledger.apply([slice(1, [2, 3])]);
    await delay(1_200);
    await rival.rollback();
    expect(await applying).toMatchObject({ applied: 2 });
    expect(await starHas()).toBe(3n);
    await rival.end();
  });

  const freshRival = (): Promise<Connection> => createConnection(database.url);
});

describe('a write that the database refuses', () => {
  test.each([
    ['user_asset', 'NEW.user_id = 30'],
    ['user_asset_record', 'NEW.user_id = 30'],
    ['event_position', 'TRUE'],
    ['dead_letter', 'TRUE'],
    ['anomaly', 'TRUE'],
  ])('at %s leaves nothing of its batch behind', async (table, condition) => {
    const broke = eventEntry(sampleDecided({ id: 50, from: 77n, to: 30n, amount: 9n, seq: 1 }));
    const batch: LedgerSlice = {
      partition: 3,
      fromOffset: 0,
      toOffset: 3,
      entries: [gift(2), broke],
      parked: [{ offset: 2, reason: 'cut off', payload: Uint8Array.of(1) }],
    };
    await database.sql.query(
      `CREATE TRIGGER refuse BEFORE INSERT ON ${table} FOR EACH ROW
       BEGIN IF ${condition} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused'; END IF; END`,
    );
    await expect(ledger.apply([batch])).rejects.toThrow(LedgerRejectError);
    expect(ledger.healthy()).toBe(true);
    expect(await ledger.positions()).toEqual([{ partition: 0, offset: 1 }]);
    expect(await ledger.counters([30n, 77n])).toEqual([]);
    expect(await ledger.records(77n, 9)).toEqual([]);
    expect(await ledger.deadLetters(9)).toEqual([]);
    expect(await ledger.anomalies(9)).toEqual([]);
    await database.sql.query('DROP TRIGGER refuse');
    expect(await ledger.apply([batch])).toMatchObject({ applied: 2 });
    expect(await ledger.anomalies(9)).toHaveLength(1);
  });

  test('a parked record as large as the log’s largest is kept', async () => {
    const payload = new Uint8Array(4 * 1024 * 1024).fill(255);
    await applyAtEnd(ledger, [], { parked: [{ offset: 1, reason: 'ß'.repeat(100_000), payload }] });
    const [letter] = await ledger.deadLetters(1);
    expect(letter?.payload.byteLength).toBe(payload.byteLength);
    expect(letter?.reason).toHaveLength(100_000);
  });
});

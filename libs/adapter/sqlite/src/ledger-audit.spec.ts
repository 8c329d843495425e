import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { uuidToBytes } from '@giftmesh/kernel-ids';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { ShardMap, type Difference, type LogEntry } from '@giftmesh/domain-money';
import { eventEntry, sampleDecided, sampleId, sampleOrder, type SampleEvent } from '@giftmesh/domain-money/testing';
import { auditLedgerFile } from './ledger-audit';
import type { LedgerAuditProgress, LedgerAuditReport } from './ledger-audit-report';
import { SqliteLedgerCore } from './ledger';

const [ALICE, BOB, STAR, MOON] = [11n, 12n, 21n, 22n] as const;
const GIFT = sampleId(10);
const SHARED = sampleId(11);
const WITHDRAWAL = sampleId(12);
const REFUSED = sampleId(13);
const REVERSAL = sampleId(50);

let folder: string;
let original: string;

const gift = (sample: SampleEvent): LogEntry => eventEntry(sampleDecided(sample));

function open(path: string): SqliteLedgerCore {
  return new SqliteLedgerCore({
    path,
    clock: new SimulatedClock(),
    shards: new ShardMap(4, 2),
    durability: 'none',
  });
}

function apply(ledger: SqliteLedgerCore, entries: readonly LogEntry[]): void {
  const fromOffset = ledger.positions().find(({ partition }) => partition === 0)?.offset ?? 0;
  ledger.apply([{ partition: 0, fromOffset, toOffset: fromOffset + entries.length, entries, parked: [] }]);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'giftmesh-audit-'));
  original = join(folder, 'original.db');
  const ledger = open(original);
  ledger.applyOrder(sampleOrder(1, ALICE, 1000n));
  ledger.applyOrder(sampleOrder(2, BOB, 500n));
  apply(ledger, [
    gift({ id: GIFT, from: ALICE, to: STAR, amount: 100n, seq: 1, toAsset: 'diamond' }),
    gift({
      id: SHARED,
      from: ALICE,
      to: [
        [STAR, 30n],
        [MOON, 20n],
        [ALICE, 1n],
      ],
      seq: 2,
    }),
    gift({ id: WITHDRAWAL, from: STAR, to: [], amount: 7n, seq: 1 }),
    gift({ id: REFUSED, from: BOB, to: STAR, amount: 10_000n, refused: true }),
    gift({ id: sampleId(14), from: BOB, to: STAR, amount: 5n, seq: 1 }),
    gift({ id: sampleId(15), from: STAR, to: [], amount: 3n, seq: 2 }),
    // Under the id of her own order: each stands for itself.
    gift({ id: 1, from: ALICE, to: STAR, amount: 2n, seq: 3 }),
  ]);
  ledger.reverse({ eventId: REVERSAL, originalEventId: SHARED, opUserId: ALICE, amount: 17n });
  ledger.reverse({ eventId: sampleId(51), originalEventId: sampleId(15), opUserId: STAR, amount: 0n });
  ledger.close();
});

afterAll(() => rmSync(folder, { recursive: true }));

let copies = 0;

/** Audits a copy of the file after `sql` was done to it. */
function auditAfter(sql: string, ...values: unknown[]): LedgerAuditReport {
  const path = join(folder, `copy-${(copies += 1)}.db`);
  copyFileSync(original, path);
  const db = new BetterSqlite3(path);
  const { changes } = db.prepare(sql).run(...values);
  expect(changes).toBe(1);
  db.close();
  return auditLedgerFile({ path });
}

const id = (eventId: string): Buffer => uuidToBytes(eventId);

describe('the audit of a ledger’s file', () => {
  test('finds nothing in a whole one, and adds it up', () => {
    const progress: LedgerAuditProgress[] = [];
    const report = auditLedgerFile({ path: original, onProgress: (one) => progress.push(one) });
    expect(report.differences).toEqual([]);
    expect(report).toMatchObject({ accounts: 5, events: 11, records: 19, differenceCount: 0 });
    expect(report.totals).toEqual({
      balances: 1493n,
      recharged: 1500n,
      withdrawn: 7n,
      refusals: 1,
      deadLetters: 0,
      anomalies: 0,
    });
    expect(progress.map(({ stage }) => stage)).toEqual(['accounts', 'events', 'orders', 'orders']);
  });

  test('finds nothing in an empty one', () => {
    const path = join(folder, 'empty.db');
    open(path).close();
    expect(auditLedgerFile({ path })).toMatchObject({ accounts: 0, events: 0, records: 0, differenceCount: 0 });
  });

  const record = (role: number) => `user_asset_record WHERE user_id = ? AND role = ${role} AND event_id = ?`;

  test.each<[string, string, unknown[], Partial<Difference>[]]>([
    [
      'an account with too much',
      'UPDATE user_asset SET credited = credited + 5 WHERE user_id = ? AND asset_type = 2',
      [STAR],
      [{ kind: 'counter', counter: 'credited', userId: STAR, account: 105n, records: 100n }, { kind: 'conservation' }],
    ],
    [
      'an account that reversed too much',
      'UPDATE user_asset SET reversed = reversed + 1 WHERE user_id = ?',
      [MOON],
      [{ kind: 'counter', counter: 'reversed', userId: MOON }, { kind: 'conservation' }],
    ],
    [
      'an account that paid too little',
      'UPDATE user_asset SET debited = debited - 1 WHERE user_id = ?',
      [ALICE],
      [{ kind: 'counter', counter: 'debited', userId: ALICE }, { kind: 'conservation' }],
    ],
    [
      'an account with another number',
      'UPDATE user_asset SET seq = 7 WHERE user_id = ?',
      [ALICE],
      [{ kind: 'counter', counter: 'seq', userId: ALICE, account: 7n, records: 3n }],
    ],
    [
      'an account with another count',
      'UPDATE user_asset SET debits = 2 WHERE user_id = ?',
      [ALICE],
      [{ kind: 'counter', counter: 'debits', userId: ALICE, account: 2n, records: 3n }],
    ],
    [
      'a lost account',
      'DELETE FROM user_asset WHERE user_id = ?',
      [MOON],
      [
        { kind: 'counter', counter: 'credited', userId: MOON, account: 0n },
        { kind: 'counter', counter: 'reversed', userId: MOON, account: 0n },
        { kind: 'conservation' },
      ],
    ],
    [
      'an account out of nothing, before all others',
      'INSERT INTO user_asset VALUES (1, 1, 9, 0, 0, 0, 0)',
      [],
      [{ kind: 'counter', counter: 'credited', userId: 1n, account: 9n, records: 0n }, { kind: 'conservation' }],
    ],
    [
      'an account out of nothing, behind all others',
      'INSERT INTO user_asset VALUES (99, 1, 9, 9, 0, 0, 0)',
      [],
      [
        { kind: 'counter', counter: 'credited', userId: 99n },
        { kind: 'counter', counter: 'reversed', userId: 99n },
      ],
    ],
    [
      'a payee’s record with another amount',
      `UPDATE user_asset_record SET incr = 31 WHERE user_id = ? AND role = 1 AND event_id = ?`,
      [STAR, id(SHARED)],
      [
        { kind: 'counter', counter: 'credited', userId: STAR },
        { kind: 'unbalanced_event', eventId: SHARED, paid: 51n, got: 52n },
      ],
    ],
    [
      'a payee’s record lost',
      `DELETE FROM ${record(1)}`,
      [STAR, id(GIFT)],
      [
        { kind: 'counter', counter: 'credited', userId: STAR },
        { kind: 'leg', problem: 'missing', role: 'payee', userId: STAR, eventId: GIFT },
        { kind: 'unbalanced_event', eventId: GIFT, paid: 100n, got: 0n },
      ],
    ],
    [
      'a payer’s record lost',
      `DELETE FROM ${record(0)}`,
      [ALICE, id(GIFT)],
      [
        { kind: 'counter', counter: 'debited', userId: ALICE },
        { kind: 'counter', counter: 'debits', userId: ALICE },
        { kind: 'missing_seq', userId: ALICE, from: 1, to: 1 },
        { kind: 'leg', problem: 'missing', role: 'payer', userId: ALICE, eventId: GIFT },
      ],
    ],
    [
      'a record of somebody whom the event does not name',
      `UPDATE user_asset_record SET user_id = 77 WHERE user_id = ? AND role = 1 AND event_id = ?`,
      [MOON, id(SHARED)],
      [
        { kind: 'counter', counter: 'credited', userId: MOON },
        { kind: 'counter', counter: 'credited', userId: 77n },
        { kind: 'leg', problem: 'unexpected', userId: 77n },
        { kind: 'leg', problem: 'missing', userId: MOON },
        { kind: 'reversal', problem: 'exceeds_original', eventId: REVERSAL },
      ],
    ],
    [
      'a refusal that became a debit',
      `UPDATE user_asset_record SET outcome = 0, seq = 2 WHERE user_id = ? AND role = 0 AND event_id = ?`,
      [BOB, id(REFUSED)],
      [
        { kind: 'counter', counter: 'debited', userId: BOB },
        { kind: 'counter', counter: 'seq', userId: BOB },
        { kind: 'counter', counter: 'debits', userId: BOB },
        { kind: 'leg', problem: 'missing', userId: STAR, eventId: REFUSED },
        { kind: 'unbalanced_event', eventId: REFUSED },
      ],
    ],
    [
      'two debits with one number',
      `UPDATE user_asset_record SET seq = 2 WHERE user_id = ? AND role = 0 AND event_id = ?`,
      [ALICE, id(GIFT)],
      [
        { kind: 'missing_seq', userId: ALICE, from: 1, to: 1 },
        { kind: 'duplicate_seq', userId: ALICE, seq: 2, eventIds: [GIFT, SHARED] },
      ],
    ],
    [
      'an order without its record',
      `DELETE FROM ${record(1)}`,
      [BOB, id(sampleId(2))],
      [
        { kind: 'counter', counter: 'credited', userId: BOB },
        { kind: 'order', problem: 'without_record', eventId: sampleId(2) },
      ],
    ],
    [
      'a recharge nobody has paid for',
      'DELETE FROM recharge_order WHERE user_id = ?',
      [BOB],
      [{ kind: 'order', problem: 'without_order', outsideTransactionId: 'wx-2' }, { kind: 'conservation' }],
    ],
    [
      'an order of another amount',
      'UPDATE recharge_order SET amount = 501 WHERE user_id = ?',
      [BOB],
      [{ kind: 'order', problem: 'other_content', eventId: sampleId(2) }, { kind: 'conservation' }],
    ],
    [
      'a reversal of an event that isn’t there',
      'UPDATE user_asset_record SET obj_id = ? WHERE user_id = ? AND role = 1 AND event_id = ?',
      [sampleId(99), ALICE, id(REVERSAL)],
      [
        { kind: 'reversal', problem: 'without_original', originalEventId: sampleId(99) },
        { kind: 'reversal', problem: 'without_record', originalEventId: SHARED },
      ],
    ],
    [
      'a reversal that names no event at all',
      'UPDATE user_asset_record SET obj_id = ? WHERE user_id = ? AND role = 1 AND event_id = ?',
      ['rose', ALICE, id(REVERSAL)],
      [
        { kind: 'reversal', problem: 'without_original', originalEventId: 'rose' },
        { kind: 'reversal', problem: 'without_record' },
      ],
    ],
    [
      'a reversal that gives back more than was paid',
      'UPDATE user_asset_record SET incr = 52 WHERE user_id = ? AND role = 1 AND event_id = ?',
      [ALICE, id(REVERSAL)],
      [
        { kind: 'counter', counter: 'credited', userId: ALICE },
        { kind: 'reversal', problem: 'not_registered' },
        { kind: 'reversal', problem: 'exceeds_original' },
        { kind: 'unbalanced_event', eventId: REVERSAL, paid: 17n, got: 52n },
      ],
    ],
    [
      'a reversal that is not registered, and could come again',
      'DELETE FROM reversal WHERE op_user_id = ?',
      [ALICE],
      [{ kind: 'reversal', problem: 'not_registered', eventId: REVERSAL, originalEventId: SHARED }],
    ],
    [
      'a reversal’s record lost',
      `DELETE FROM ${record(1)}`,
      [ALICE, id(REVERSAL)],
      [
        { kind: 'counter', counter: 'credited', userId: ALICE },
        { kind: 'leg', problem: 'missing', userId: ALICE, role: 'payee', eventId: REVERSAL },
        { kind: 'reversal', problem: 'without_record', eventId: REVERSAL },
      ],
    ],
    [
      'a withdrawal of another amount',
      `UPDATE user_asset_record SET incr = -8 WHERE user_id = ? AND role = 0 AND event_id = ?`,
      [STAR, id(WITHDRAWAL)],
      [{ kind: 'counter', counter: 'debited', userId: STAR }, { kind: 'conservation' }],
    ],
    [
      'a dead letter',
      `INSERT INTO dead_letter VALUES (4, 1, 2, 'cut off', x'00', 5)`,
      [],
      [{ kind: 'dead_letter', id: 4, partition: 1, offset: 2, reason: 'cut off' }],
    ],
    [
      'an anomaly',
      `INSERT INTO anomaly VALUES (1, 'negative_balance', ?, 1, ?, 'balance -3', 5)`,
      [ALICE, id(GIFT)],
      [{ kind: 'anomaly', anomaly: 'negative_balance', userId: ALICE, eventId: GIFT, detail: 'balance -3' }],
    ],
  ])('finds %s', (_, sql, values, expected) => {
    const { differences, differenceCount } = auditAfter(sql, ...values);
    expect(differences).toMatchObject(expected);
    expect(differenceCount).toBe(expected.length);
  });

  test('takes a debt for no error', () => {
    const sql = `INSERT INTO anomaly VALUES (1, 'spent_after_reversal', ?, 1, ?, 'balance -3', 5)`;
    const report = auditAfter(sql, ALICE, id(GIFT));
    expect(report.differences).toEqual([]);
    expect(report.totals.anomalies).toBe(1);
  });

  test('counts all differences and keeps the first', () => {
    const path = join(folder, 'many.db');
    copyFileSync(original, path);
    const db = new BetterSqlite3(path);
    for (let n = 0; n < 5; n += 1) db.exec(`INSERT INTO dead_letter VALUES (NULL, 1, ${n}, 'cut off', x'00', 5)`);
    db.close();
    const report = auditLedgerFile({ path, differencesMax: 2 });
    expect(report.differenceCount).toBe(5);
    expect(report.differences).toHaveLength(2);
    expect(() => auditLedgerFile({ path, differencesMax: 0 })).toThrow(RangeError);
  });

  test('sees one moment of a ledger that is being written', () => {
    const path = join(folder, 'live.db');
    const ledger = open(path);
    ledger.applyOrder(sampleOrder(1, ALICE, 1000n));
    apply(ledger, [gift({ id: GIFT, from: ALICE, to: STAR, amount: 100n, seq: 1 })]);
    let n = 100;
    // Each call of onProgress writes: between the audit's statements the file moves on.
    const report = auditLedgerFile({
      path,
      onProgress: () => apply(ledger, [gift({ id: (n += 1), from: ALICE, to: STAR, amount: 1n, seq: n - 99 })]),
    });
    expect(report).toMatchObject({ differenceCount: 0, events: 2, records: 3 });
    expect(ledger.positions()).toEqual([{ partition: 0, offset: 5 }]);
    expect(auditLedgerFile({ path })).toMatchObject({ differenceCount: 0, events: 6 });
    ledger.close();
  });

  test('refuses what is no ledger', () => {
    expect(() => auditLedgerFile({ path: join(folder, 'nothing.db') })).toThrow(/no such data file/);
  });
});

import { copyFileSync } from 'node:fs';
import BetterSqlite3 from 'better-sqlite3';
import { uuidToBytes } from '@giftmesh/kernel-ids';
import { sampleOrder } from '@giftmesh/domain-money/testing';
import { auditLedgerFile } from './ledger-audit';
import type { LedgerAuditProgress } from '@giftmesh/domain-money';
import { ALICE, apply, AuditFolder, gift, GIFT, openLedger, STAR } from './ledger-audit-test-kit';

let folder: AuditFolder;
beforeAll(() => {
  folder = new AuditFolder();
});
afterAll(() => folder.remove());

describe('the audit of a ledger’s file', () => {
  test('finds nothing in a whole one, and adds it up', () => {
    const progress: LedgerAuditProgress[] = [];
    const report = auditLedgerFile({ path: folder.original, onProgress: (one) => progress.push(one) });
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
    const path = folder.path('empty.db');
    openLedger(path).close();
    expect(auditLedgerFile({ path })).toMatchObject({ accounts: 0, events: 0, records: 0, differenceCount: 0 });
  });

  test('takes a debt for no error', () => {
    const sql = `INSERT INTO anomaly VALUES (1, 'spent_after_reversal', ?, 1, ?, 'balance -3', 5)`;
    const report = auditLedgerFile({ path: folder.damaged(sql, ALICE, uuidToBytes(GIFT)) });
    expect(report.differences).toEqual([]);
    expect(report.totals.anomalies).toBe(1);
  });

  test('counts all differences and keeps the first', () => {
    const path = folder.path('many.db');
    copyFileSync(folder.original, path);
    const db = new BetterSqlite3(path);
    for (let n = 0; n < 5; n += 1) db.exec(`INSERT INTO dead_letter VALUES (NULL, 1, ${n}, 'cut off', x'00', 5, '[]')`);
    db.close();
    const report = auditLedgerFile({ path, differencesMax: 2 });
    expect(report.differenceCount).toBe(5);
    expect(report.differences).toHaveLength(2);
    expect(() => auditLedgerFile({ path, differencesMax: 0 })).toThrow(RangeError);
  });

  test('sees one moment of a ledger that is being written', () => {
    const path = folder.path('live.db');
    const ledger = openLedger(path);
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
    expect(() => auditLedgerFile({ path: folder.path('nothing.db') })).toThrow(/no such data file/);
  });
});

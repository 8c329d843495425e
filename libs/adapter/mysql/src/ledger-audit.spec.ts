import { startMariaDb, type MariaDbServer } from '@giftmesh/tool-infra';
import { applyAtEnd, sampleDecided, sampleId, sampleOrder } from '@giftmesh/domain-money/testing';
import type { LedgerAuditProgress } from '@giftmesh/domain-money';
import { ALICE, BOB, fillBooks, gift, GIFT, openLedger, STAR } from './ledger-audit-test-kit';
import type { MysqlLedger } from './ledger';
import { ACCOUNTS_PER_PAGE } from './ledger-audit-accounts';
import { auditLedgerDatabase, MysqlLedgerView } from './ledger-view';
import { FAST_SERVER, freshDatabase, type TestDatabase } from './mysql-test-kit';

let server: MariaDbServer;
let database: TestDatabase;
let ledger: MysqlLedger;
beforeAll(async () => {
  server = await startMariaDb({ args: FAST_SERVER });
}, 60_000);
afterAll(() => server.kill());
beforeEach(async () => {
  database = await freshDatabase(server.url);
  ledger = await openLedger(database.url);
});
afterEach(async () => {
  await ledger.close();
  await database.drop();
});

describe('the audit of a ledger', () => {
  test('finds nothing in a whole one, and adds it up', async () => {
    await fillBooks(ledger);
    const progress: LedgerAuditProgress[] = [];
    const report = await auditLedgerDatabase({ url: database.url, onProgress: (one) => progress.push(one) });
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
    expect(progress.map(({ stage }) => stage)).toEqual(['accounts', 'events', 'orders']);
  });

  test('finds nothing in an empty one', async () => {
    const report = await auditLedgerDatabase({ url: database.url });
    expect(report).toMatchObject({ accounts: 0, events: 0, records: 0, differenceCount: 0 });
  });

  test('takes a debt for no error, and a number of a dropped debit for none', async () => {
    await ledger.applyOrder(sampleOrder(1, BOB, 10n));
    await applyAtEnd(ledger, [gift({ id: 2, from: BOB, to: STAR, amount: 10n, seq: 2 })]);
    await ledger.reverse({ eventId: sampleId(3), originalEventId: sampleId(2), opUserId: BOB, amount: 0n });
    await applyAtEnd(ledger, [gift({ id: 4, from: STAR, to: ALICE, amount: 4n, seq: 1 })]);
    const before = await auditLedgerDatabase({ url: database.url });
    expect(before.differences).toMatchObject([{ kind: 'missing_seq', userId: BOB, from: 1, to: 1 }]);
    expect(before.totals.anomalies).toBe(1);

    await applyAtEnd(ledger, [], { parked: [{ offset: 9, reason: 'cut off', payload: Uint8Array.of(1) }] });
    const [letter] = await ledger.deadLetters(1);
    const decided = sampleDecided({ id: 5, from: BOB, to: STAR, seq: 1 });
    await ledger.dropDeadLetter(letter?.id ?? 0, { by: 'ops', why: 'nobody can read it', decided });
    expect(await auditLedgerDatabase({ url: database.url })).toMatchObject({ differenceCount: 0 });
  });

  test('counts all differences and keeps the first', async () => {
    const parked = [1, 2, 3, 4, 5].map((offset) => ({ offset, reason: 'cut off', payload: Uint8Array.of(1) }));
    await applyAtEnd(ledger, [], { parked });
    const report = await auditLedgerDatabase({ url: database.url, differencesMax: 2 });
    expect(report.differenceCount).toBe(5);
    expect(report.differences).toHaveLength(2);
    await expect(auditLedgerDatabase({ url: database.url, differencesMax: 0 })).rejects.toThrow(RangeError);
  });

  test('walks over more users than a page has, to the last one', async () => {
    const rows = Array.from({ length: ACCOUNTS_PER_PAGE + 3 }, (_, index) => `(${index + 1},1,0,0,0,0,0)`);
    await database.sql.query(`INSERT INTO user_asset VALUES ${rows.join()}`);
    await database.sql.query('INSERT INTO user_asset VALUES (2000,2,5,5,0,0,0),(9223372036854775807,1,9,9,0,0,0)');
    const report = await auditLedgerDatabase({ url: database.url });
    expect(report.accounts).toBe(ACCOUNTS_PER_PAGE + 5);
    expect(report.differences).toMatchObject([
      { userId: 2000n, assetType: 'diamond', counter: 'credited' },
      { userId: 2000n, assetType: 'diamond', counter: 'reversed' },
      { userId: 2n ** 63n - 1n, counter: 'credited' },
      { userId: 2n ** 63n - 1n, counter: 'reversed' },
    ]);
  });

  test('sees one moment of a ledger that is being written', async () => {
    await ledger.applyOrder(sampleOrder(1, ALICE, 1000n));
    await applyAtEnd(ledger, [gift({ id: GIFT, from: ALICE, to: STAR, amount: 100n, seq: 1 })]);
    const view = await MysqlLedgerView.open({ url: database.url });
    await applyAtEnd(ledger, [gift({ id: 102, from: ALICE, to: STAR, amount: 1n, seq: 2 })]);
    expect(await view.audit()).toMatchObject({ differenceCount: 0, events: 2, records: 3 });
    await view.refresh();
    expect(await view.audit()).toMatchObject({ differenceCount: 0, events: 3, records: 5 });
    await view.close();
  });
});

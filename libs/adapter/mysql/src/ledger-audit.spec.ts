import {
  ALICE,
  applyAtEnd,
  GIFT,
  giftEntry,
  ledgerAuditContract,
  sampleOrder,
  STAR,
} from '@giftmesh/domain-money/testing';
import { AuditDatabase, openLedger } from './ledger-audit-test-kit';
import type { MysqlLedger } from './ledger';
import { ACCOUNTS_PER_PAGE } from './ledger-audit-accounts';
import { auditLedgerDatabase, MysqlLedgerView } from './ledger-view';
import { freshDatabase, useTestServer, type TestDatabase } from './mysql-test-kit';

const server = useTestServer();

ledgerAuditContract('a ledger', () => AuditDatabase.on(server.url));

describe('the audit of a ledger', () => {
  let database: TestDatabase;
  let ledger: MysqlLedger;
  beforeEach(async () => {
    database = await freshDatabase(server.url);
    ledger = await openLedger(database.url);
  });
  afterEach(async () => {
    await ledger.close();
    await database.drop();
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
    await applyAtEnd(ledger, [giftEntry({ id: GIFT, from: ALICE, to: STAR, amount: 100n, seq: 1 })]);
    const view = await MysqlLedgerView.open({ url: database.url });
    await applyAtEnd(ledger, [giftEntry({ id: 102, from: ALICE, to: STAR, amount: 1n, seq: 2 })]);
    expect(await view.audit()).toMatchObject({ differenceCount: 0, events: 2, records: 3 });
    await view.refresh();
    expect(await view.audit()).toMatchObject({ differenceCount: 0, events: 3, records: 5 });
    await view.close();
  });
});

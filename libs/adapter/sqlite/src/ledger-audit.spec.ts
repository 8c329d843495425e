import { SimulatedClock } from '@giftmesh/kernel-time';
import { ShardMap, type LogEntry } from '@giftmesh/domain-money';
import { ALICE, GIFT, giftEntry, ledgerAuditContract, sampleOrder, STAR } from '@giftmesh/domain-money/testing';
import { SqliteLedgerCore } from './ledger';
import { auditLedgerFile } from './ledger-audit';
import { AuditFolder } from './ledger-audit-test-kit';

ledgerAuditContract('a ledger’s file', async () => new AuditFolder());

describe('the audit of a ledger’s file', () => {
  let folder: AuditFolder;
  beforeAll(() => {
    folder = new AuditFolder();
  });
  afterAll(() => folder.dispose());

  test('sees one moment of a ledger that is being written', () => {
    const path = folder.path('live.db');
    const ledger = new SqliteLedgerCore({
      path,
      clock: new SimulatedClock(),
      shards: new ShardMap(4, 2),
      durability: 'none',
    });
    const apply = (entries: readonly LogEntry[]): void => {
      const fromOffset = ledger.positions().find(({ partition }) => partition === 0)?.offset ?? 0;
      ledger.apply([{ partition: 0, fromOffset, toOffset: fromOffset + entries.length, entries, parked: [] }]);
    };
    ledger.applyOrder(sampleOrder(1, ALICE, 1000n));
    apply([giftEntry({ id: GIFT, from: ALICE, to: STAR, amount: 100n, seq: 1 })]);
    let n = 100;
    // Each call of onProgress writes: between the audit's statements the file moves on.
    const report = auditLedgerFile({
      path,
      onProgress: () => apply([giftEntry({ id: (n += 1), from: ALICE, to: STAR, amount: 1n, seq: n - 99 })]),
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

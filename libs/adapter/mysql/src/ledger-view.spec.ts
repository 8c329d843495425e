import {
  applyAtEnd,
  eventEntry,
  fenceEntry,
  giftEntry,
  sampleDecided,
  sampleId,
  sampleOrder,
} from '@giftmesh/domain-money/testing';
import { openLedger } from './ledger-audit-test-kit';
import type { MysqlLedger } from './ledger';
import { LedgerDatabaseError } from './ledger-database-error';
import { MysqlLedgerView } from './ledger-view';
import { freshDatabase, useTestServer, type TestDatabase } from './mysql-test-kit';

const [ALICE, BOB, STAR] = [11n, 12n, 21n] as const;
const PARKED = [{ offset: 2, reason: 'cut off', payload: Uint8Array.of(1, 2, 3) }];

const server = useTestServer();
let database: TestDatabase;
let ledger: MysqlLedger;
let view: MysqlLedgerView;
beforeEach(async () => {
  database = await freshDatabase(server.url);
  ledger = await openLedger(database.url);
  await ledger.applyOrder(sampleOrder(1, ALICE, 100n));
  const entries = [giftEntry({ id: 2, from: ALICE, to: STAR, amount: 5n, seq: 1 }), fenceEntry([1], 7)];
  await applyAtEnd(ledger, entries, { partition: 1, parked: PARKED });
  view = await MysqlLedgerView.open({ url: database.url });
});
afterEach(async () => {
  await view.close();
  await ledger.close();
  await database.drop();
});

describe('MysqlLedgerView', () => {
  it('sees what the ledger itself sees', async () => {
    expect(await view.positions()).toEqual(await ledger.positions());
    expect(await view.appliedEntries()).toBe(3);
    expect(await view.fences()).toEqual(new Map([[1, 7]]));
    expect(await view.accountsOf([ALICE, BOB, STAR])).toEqual(await ledger.counters([ALICE, BOB, STAR]));
    expect(await view.accountsOf([ALICE])).toMatchObject([{ credited: 100n, debited: 5n, seq: 1 }]);
    expect(await view.deadLetters(9)).toEqual(await ledger.deadLetters(9));
    expect(await view.deadLetters(9)).toMatchObject([{ partition: 1, offset: 2, reason: 'cut off' }]);
  });

  it('stays at one moment until it is refreshed', async () => {
    await applyAtEnd(ledger, [giftEntry({ id: 3, from: ALICE, to: STAR, amount: 5n, seq: 2 })]);
    await ledger.applyOrder(sampleOrder(4, BOB, 9n));
    expect(await view.appliedEntries()).toBe(3);
    expect(await view.isOnRecord(ALICE, sampleId(3))).toBe(false);
    expect(await view.usersAfter(0n, 9)).toEqual([ALICE, STAR]);
    await view.refresh();
    expect(await view.appliedEntries()).toBe(4);
    expect(await view.isOnRecord(ALICE, sampleId(3))).toBe(true);
    expect(await view.isOnRecord(ALICE, 'x')).toBe(false);
    const asked = [4, 3, 3].map((id) => ({ opUserId: ALICE, eventId: sampleId(id) }));
    expect(await view.areOnRecord([...asked, { opUserId: BOB, eventId: sampleId(3) }])).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(await view.usersAfter(ALICE, 1)).toEqual([BOB]);
  });

  it('lists legs, refused ones included, newest first', async () => {
    const refused = sampleDecided({ id: 5, from: ALICE, to: STAR, amount: 900n, refused: true });
    await applyAtEnd(ledger, [eventEntry(refused)]);
    await view.refresh();
    expect(await view.legsOf(ALICE, 9)).toMatchObject([
      { eventId: sampleId(5), outcome: 'insufficient_balance' },
      { eventId: sampleId(2), outcome: 'applied', incr: -5n },
      { eventId: sampleId(1), outcome: 'applied', incr: 100n, role: 'payee' },
    ]);
    expect(await view.legsOf(ALICE, 1)).toHaveLength(1);
  });

  it('lists dropped letters with who dropped them', async () => {
    const [letter] = await ledger.deadLetters(1);
    await ledger.dropDeadLetter(letter?.id ?? 0, { by: 'ops', why: 'a test wrote it', decided: undefined });
    await view.refresh();
    expect(await view.deadLetters(9)).toEqual([]);
    expect(await view.droppedLetters(9)).toMatchObject([{ ...letter, by: 'ops', why: 'a test wrote it' }]);
  });

  it('writes nothing: a user with no other right is enough, and a database without a ledger is refused', async () => {
    await database.sql.query("DROP USER IF EXISTS 'reader'@'127.0.0.1'");
    await database.sql.query("CREATE USER 'reader'@'127.0.0.1' IDENTIFIED BY 'r'");
    await database.sql.query("GRANT SELECT ON *.* TO 'reader'@'127.0.0.1'");
    const url = database.url.replace('giftmesh:giftmesh', 'reader:r');
    const reader = await MysqlLedgerView.open({ url });
    expect(await reader.audit()).toMatchObject({ accounts: 2, events: 2, differenceCount: 1 });
    await reader.close();
    await reader.close();

    const empty = await freshDatabase(server.url);
    const refusal = await MysqlLedgerView.open({ url: empty.url }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(LedgerDatabaseError);
    expect(refusal).toMatchObject({ problem: 'schema_too_old' });
    expect(await empty.query('SHOW TABLES')).toEqual([]);
    await empty.drop();
  });
});

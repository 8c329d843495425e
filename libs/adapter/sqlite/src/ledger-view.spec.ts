import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { ShardMap, type LogEntry } from '@giftmesh/domain-money';
import { eventEntry, fenceEntry, sampleDecided, sampleId, sampleOrder } from '@giftmesh/domain-money/testing';
import { openDatabase } from './database';
import { folderState, writtenState } from './folder-state-test-kit';
import { SqliteLedgerCore } from './ledger';
import { SqliteLedgerView } from './ledger-view';

const [ALICE, BOB, STAR] = [11n, 12n, 21n] as const;
const PAYLOAD = Uint8Array.of(1, 2, 3);

const gift = (id: number, seq: number, from: bigint = ALICE): LogEntry =>
  eventEntry(sampleDecided({ id, from, to: STAR, amount: 5n, seq }));

describe('SqliteLedgerView', () => {
  let folder: string;
  let path: string;
  let ledger: SqliteLedgerCore;
  let view: SqliteLedgerView;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'giftmesh-ledger-view-'));
    path = join(folder, 'ledger.db');
    ledger = new SqliteLedgerCore({
      path,
      clock: new SimulatedClock(),
      shards: new ShardMap(4, 2),
      durability: 'none',
    });
    ledger.applyOrder(sampleOrder(1, ALICE, 100n));
    apply(1, [gift(2, 1), fenceEntry([1], 7)]);
    view = new SqliteLedgerView(path);
  });
  afterEach(() => {
    view.close();
    ledger.close();
    rmSync(folder, { recursive: true });
  });

  const apply = (partition: number, entries: readonly LogEntry[]): void => {
    const fromOffset = ledger.positions().find((position) => position.partition === partition)?.offset ?? 0;
    const parked = [{ offset: fromOffset + entries.length, reason: 'cut off', payload: PAYLOAD }];
    ledger.apply([{ partition, fromOffset, toOffset: fromOffset + entries.length + 1, entries, parked }]);
  };

  it('sees what the ledger itself sees', () => {
    expect(view.positions()).toEqual(ledger.positions());
    expect(view.appliedEntries()).toBe(3);
    expect(view.fences()).toEqual(new Map([[1, 7]]));
    expect(view.accountsOf([ALICE, BOB, STAR])).toEqual(ledger.counters([ALICE, BOB, STAR]));
    expect(view.accountsOf([ALICE])).toMatchObject([{ credited: 100n, debited: 5n, seq: 1 }]);
    expect(view.deadLetters(9)).toEqual(ledger.deadLetters(9));
    expect(view.deadLetters(9)).toMatchObject([{ partition: 1, offset: 2, reason: 'cut off' }]);
    expect(view.audit()).toMatchObject({ accounts: 2, events: 2, differenceCount: 1 });
  });

  it('stays at one moment until it is refreshed', () => {
    apply(0, [gift(3, 2)]);
    ledger.applyOrder(sampleOrder(4, BOB, 9n));
    expect(view.appliedEntries()).toBe(3);
    expect(view.isOnRecord(ALICE, sampleId(3))).toBe(false);
    expect(view.usersAfter(0n, 9)).toEqual([ALICE, STAR]);
    expect(view.audit()).toMatchObject({ accounts: 2, events: 2 });
    view.refresh();
    expect(view.appliedEntries()).toBe(5);
    expect(view.isOnRecord(ALICE, sampleId(3))).toBe(true);
    expect(view.usersAfter(0n, 9)).toEqual([ALICE, BOB, STAR]);
    expect(view.audit()).toMatchObject({ accounts: 3, events: 4 });
  });

  it('gives users in pages, each once', () => {
    ledger.applyOrder(sampleOrder(5, STAR, 9n));
    apply(0, [eventEntry(sampleDecided({ id: 6, from: ALICE, to: STAR, seq: 2, toAsset: 'diamond' }))]);
    view.refresh();
    expect(view.accountsOf([STAR])).toHaveLength(2);
    expect(view.usersAfter(0n, 1)).toEqual([ALICE]);
    expect(view.usersAfter(ALICE, 5)).toEqual([STAR]);
    expect(view.usersAfter(STAR, 5)).toEqual([]);
  });

  it('knows decisions only: neither orders, nor reversals, nor ids that are none', () => {
    ledger.reverse({ eventId: sampleId(9), originalEventId: sampleId(2), opUserId: ALICE, amount: 0n });
    view.refresh();
    expect(view.isOnRecord(ALICE, sampleId(2))).toBe(true);
    expect(view.isOnRecord(BOB, sampleId(2))).toBe(false);
    expect(view.isOnRecord(ALICE, sampleId(1))).toBe(false);
    expect(view.isOnRecord(ALICE, sampleId(9))).toBe(false);
    expect(view.isOnRecord(ALICE, 'no id at all')).toBe(false);
  });

  it('gives the newest legs of both roles, refusals included', () => {
    apply(0, [
      eventEntry(sampleDecided({ id: 7, from: ALICE, to: STAR, amount: 500n, refused: true })),
      eventEntry(sampleDecided({ id: 8, from: STAR, to: ALICE, amount: 3n, seq: 1 })),
    ]);
    view.refresh();
    expect(view.legsOf(ALICE, 9)).toMatchObject([
      { eventId: sampleId(8), role: 'payee', incr: 3n, outcome: 'applied', counterpartUserId: STAR },
      { eventId: sampleId(7), role: 'payer', incr: -500n, outcome: 'insufficient_balance' },
      { eventId: sampleId(2), role: 'payer', incr: -5n, outcome: 'applied' },
      { eventId: sampleId(1), role: 'payee', incr: 100n, outcome: 'applied', eventType: 'order_wx' },
    ]);
    expect(view.legsOf(ALICE, 2).map(({ eventId }) => eventId)).toEqual([sampleId(8), sampleId(7)]);
    expect(view.legsOf(BOB, 9)).toEqual([]);
  });

  it('writes nothing beside a ledger that is open, and does not hold it up', () => {
    const before = writtenState(folder);
    view.refresh();
    view.audit();
    view.legsOf(ALICE, 9);
    expect(writtenState(folder)).toEqual(before);
    apply(0, [gift(3, 2)]);
    expect(ledger.counters([STAR])).toMatchObject([{ credited: 10n }]);
  });

  it('leaves the folder of a ledger at rest as it was', () => {
    view.close();
    ledger.close();
    const before = folderState(folder);
    expect(Object.keys(before)).toEqual(['ledger.db']);
    view = new SqliteLedgerView(path);
    view.audit();
    view.close();
    view.close();
    expect(folderState(folder)).toEqual(before);
  });

  it('says so when the file turns out to be damaged while it is read', () => {
    apply(
      0,
      Array.from({ length: 300 }, (_, index) => gift(100 + index, 2 + index)),
    );
    view.close();
    ledger.close();
    view = new SqliteLedgerView(path);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0x5a, 8_192));
    const damaged = expect.objectContaining({ name: 'DataFileError', problem: 'corrupt', path }) as Error;
    expect(() => view.audit()).toThrow(damaged);
    expect(() => view.legsOf(ALICE, 9)).toThrow(damaged);
    expect(() => view.refresh()).toThrow(damaged);
  });

  it('refuses what is no ledger of this version, and what is not there', () => {
    const other = join(folder, 'other.db');
    expect(() => new SqliteLedgerView(other)).toThrow('there is no such data file to read');
    openDatabase(other, {
      applicationId: 77,
      schemaVersion: 1,
      migrate: () => undefined,
      durability: 'none',
    }).close();
    expect(() => new SqliteLedgerView(other)).toThrow(expect.objectContaining({ problem: 'foreign', path: other }));
  });
});

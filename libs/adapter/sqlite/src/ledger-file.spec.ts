import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { LedgerRejectError, PositionConflictError, ShardMap, type LogEntry } from '@giftmesh/domain-money';
import { eventEntry, fenceEntry, sampleDecided, sampleOrder } from '@giftmesh/domain-money/testing';
import { DataFileError } from './data-file-error';
import { openDatabase } from './database';
import { SqliteLedger, SqliteLedgerCore } from './ledger';
import { wordOf } from './ledger-schema';

const SHARDS = new ShardMap(1, 1);
const gift = (id: number, from: bigint, to: bigint): LogEntry =>
  eventEntry(sampleDecided({ id, from, to, amount: 5n, seq: id }));
const slice = (fromOffset: number, entries: readonly LogEntry[]) => ({
  partition: 0,
  fromOffset,
  toOffset: fromOffset + entries.length,
  entries,
  parked: [],
});

describe('SqliteLedgerCore on its file', () => {
  let folder: string;
  let path: string;
  let opened: SqliteLedgerCore[];

  const open = (): SqliteLedgerCore => {
    const ledger = new SqliteLedgerCore({ path, clock: new SimulatedClock(), shards: SHARDS, durability: 'none' });
    opened.push(ledger);
    return ledger;
  };

  const inFile = (sql: string): void => {
    const db = new BetterSqlite3(path);
    db.exec(sql);
    db.close();
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'giftmesh-ledger-file-'));
    path = join(folder, 'ledger.db');
    opened = [];
  });

  afterEach(() => {
    for (const ledger of opened) ledger.close();
    rmSync(folder, { recursive: true });
  });

  test('two processes on one file: each sees the other’s positions and fences', () => {
    const [one, other] = [open(), open()];
    one.apply([slice(0, [gift(1, 1n, 2n)])]);
    other.apply([slice(1, [fenceEntry([0], 7)])]);
    expect(() => one.apply([slice(1, [gift(2, 1n, 2n)])])).toThrow(PositionConflictError);
    expect(one.apply([slice(2, [gift(2, 1n, 2n)])])).toMatchObject({ applied: 0, fenced: 1 });
    expect(one.raiseGeneration([0])).toBe(8);
    expect(other.raiseGeneration([0])).toBe(9);
    expect(other.counters([2n])).toMatchObject([{ credited: 5n }]);
  });

  test.each([
    ['user_asset', 3],
    ['user_asset_record', 3],
    ['anomaly', 1],
    ['dead_letter', 1],
  ])('a write that fails at %s leaves nothing of its batch behind', (table, refusedUser) => {
    const ledger = open();
    const condition = table === 'dead_letter' ? 'TRUE' : `NEW.user_id = ${refusedUser}`;
    inFile(
      `CREATE TRIGGER refuse BEFORE INSERT ON ${table} WHEN ${condition} BEGIN SELECT RAISE(ABORT, 'refused'); END`,
    );
    const parked = [{ offset: 2, reason: 'cut off', payload: Uint8Array.of(1) }];
    const batch = { ...slice(0, [gift(1, 1n, 2n), gift(2, 1n, 3n)]), toOffset: 3, parked };
    expect(() => ledger.apply([batch])).toThrow(LedgerRejectError);
    expect(ledger.positions()).toEqual([]);
    expect(ledger.counters([1n, 2n, 3n])).toEqual([]);
    expect(ledger.records(1n, 10)).toEqual([]);
    expect(ledger.deadLetters(10)).toEqual([]);
    expect(ledger.anomalies(10)).toEqual([]);

    inFile('DROP TRIGGER refuse');
    expect(ledger.apply([batch])).toMatchObject({ applied: 2, duplicates: 0 });
  });

  test('an order that fails half-way is not credited', () => {
    const ledger = open();
    inFile(`CREATE TRIGGER refuse BEFORE INSERT ON user_asset_record BEGIN SELECT RAISE(ABORT, 'refused'); END`);
    expect(() => ledger.applyOrder(sampleOrder(1, 1n, 100n))).toThrow(LedgerRejectError);
    expect(ledger.counters([1n])).toEqual([]);
    inFile('DROP TRIGGER refuse');
    expect(ledger.applyOrder(sampleOrder(1, 1n, 100n))).toMatchObject({ duplicate: false });
  });

  test('is unhealthy from a write that the file failed until one that it took', () => {
    const ledger = open();
    inFile('ALTER TABLE event_position RENAME TO away');
    expect(() => ledger.apply([slice(0, [gift(1, 1n, 2n)])])).toThrow(/event_position/);
    expect(ledger.healthy()).toBe(false);
    inFile('ALTER TABLE away RENAME TO event_position');
    expect(ledger.apply([slice(0, [gift(1, 1n, 2n)])])).toMatchObject({ applied: 1 });
    expect(ledger.healthy()).toBe(true);
  });

  test('what was applied is in the file although the ledger was never closed', () => {
    open().apply([slice(0, [gift(1, 1n, 2n)])]);
    expect(open().counters([2n])).toMatchObject([{ credited: 5n }]);
  });

  test('closed, it is unhealthy and refuses', async () => {
    const ledger = new SqliteLedger({ path, clock: new SimulatedClock(), shards: SHARDS });
    await ledger.close();
    await ledger.close();
    expect(ledger.healthy()).toBe(false);
    await expect(ledger.counters([1n])).rejects.toThrow(/not open/);
  });

  test('refuses another program’s file', () => {
    openDatabase(path, { applicationId: 77, schemaVersion: 1, migrate: () => undefined, durability: 'none' }).close();
    expect(open).toThrow(DataFileError);
  });

  test('refuses codes that no word has', () => {
    expect(() => wordOf({ a: 1, b: 2 }, 3n)).toThrow(/unknown code 3 \(known: a, b\)/);
  });
});

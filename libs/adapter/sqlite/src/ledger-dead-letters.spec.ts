import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { ShardMap, type DecidedEvent } from '@giftmesh/domain-money';
import { eventEntry, fenceEntry, sampleDecided, sampleOrder } from '@giftmesh/domain-money/testing';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { SqliteLedgerCore } from './ledger';
import { auditLedgerFile } from './ledger-audit';
import { SqliteLedgerView } from './ledger-view';

const [ALICE, STAR] = [11n, 21n] as const;
const gift = (seq: number, more: { readonly refused?: boolean; readonly generation?: number } = {}): DecidedEvent =>
  sampleDecided({ id: seq, from: ALICE, to: STAR, amount: 5n, seq, ...more });
const PARKED = [{ offset: 9, reason: 'cannot be', payload: Uint8Array.of(1, 2) }];
const NOTE = { by: 'ops', why: 'a test wrote it' };

describe('dead letters in a ledger’s file', () => {
  let folder: string;
  let path: string;
  let ledger: SqliteLedgerCore;
  const clock = new SimulatedClock();

  const open = (): SqliteLedgerCore =>
    new SqliteLedgerCore({ path, clock, shards: new ShardMap(1, 1), durability: 'none' });
  const apply = (...events: readonly DecidedEvent[]): void => {
    const fromOffset = ledger.positions()[0]?.offset ?? 0;
    const toOffset = fromOffset + events.length;
    ledger.apply([{ partition: 0, fromOffset, toOffset, entries: events.map(eventEntry), parked: [] }]);
  };
  const park = (): number => {
    const fromOffset = ledger.positions()[0]?.offset ?? 0;
    ledger.apply([{ partition: 0, fromOffset, toOffset: fromOffset + 1, entries: [], parked: PARKED }]);
    return ledger.deadLetters(99).at(-1)?.id ?? -1;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'giftmesh-dead-letters-'));
    path = join(folder, 'ledger.db');
    ledger = open();
    ledger.applyOrder(sampleOrder(100, ALICE, 100n));
  });
  afterEach(() => {
    ledger.close();
    rmSync(folder, { recursive: true });
  });

  test('a file of the first version is brought up to date, its letters included', () => {
    park();
    ledger.close();
    const db = new BetterSqlite3(path);
    db.exec('DROP TABLE dropped_letter; ALTER TABLE dead_letter DROP COLUMN fences; PRAGMA user_version = 1');
    db.close();
    expect(() => new SqliteLedgerView(path)).toThrow("has schema version 1, and can't be migrated while reading");
    ledger = open();
    expect(ledger.deadLetters(9)).toMatchObject([{ id: 1, reason: 'cannot be', fences: new Map() }]);
    expect(ledger.dropDeadLetter(1, { ...NOTE, decided: undefined })).toBe(true);
  });

  test('the audit is red until the last one is gone', () => {
    apply(gift(1));
    const [replayed, dropped] = [park(), park()];
    apply(gift(4));
    const kinds = (): string[] => auditLedgerFile({ path }).differences.map(({ kind }) => kind);
    expect(kinds()).toEqual(['missing_seq', 'dead_letter', 'dead_letter']);
    ledger.replayDeadLetter(replayed, gift(2));
    expect(kinds()).toEqual(['missing_seq', 'dead_letter']);
    ledger.dropDeadLetter(dropped, { ...NOTE, decided: gift(3) });
    expect(kinds()).toEqual([]);
  });

  test('a number that is missing for another reason stays a difference', () => {
    apply(gift(1));
    const [one, two, three] = [park(), park(), park()];
    ledger.dropDeadLetter(one, { ...NOTE, decided: gift(4) });
    // These two never were debits that count.
    ledger.dropDeadLetter(two, { ...NOTE, decided: gift(0, { refused: true }) });
    ledger.dropDeadLetter(three, { ...NOTE, decided: undefined });
    apply(gift(6));
    expect(auditLedgerFile({ path }).differences).toMatchObject([
      { kind: 'missing_seq', from: 2, to: 3 },
      { kind: 'missing_seq', from: 5, to: 5 },
    ]);
  });

  test('the number of an event behind a fence is not a dropped one', () => {
    apply(gift(1, { generation: 2 }));
    ledger.apply([{ partition: 0, fromOffset: 1, toOffset: 2, entries: [fenceEntry([0], 2)], parked: [] }]);
    ledger.dropDeadLetter(park(), { ...NOTE, decided: gift(2, { generation: 1 }) });
    apply(gift(3, { generation: 2 }));
    expect(auditLedgerFile({ path }).differences).toMatchObject([{ kind: 'missing_seq', from: 2, to: 2 }]);
  });

  test('what was dropped can be looked at, with who did it and why', () => {
    const id = park();
    const [letter] = ledger.deadLetters(1);
    clock.advance(1_000);
    ledger.dropDeadLetter(id, { ...NOTE, decided: gift(1) });
    const view = new SqliteLedgerView(path);
    try {
      expect(view.deadLetters(9)).toEqual([]);
      expect(view.droppedLetters(9)).toEqual([{ ...letter, ...NOTE, droppedAtMs: clock.nowMs() }]);
    } finally {
      view.close();
    }
  });

  test('a replay that the file fails leaves the letter, and nothing of the event', () => {
    const id = park();
    const db = new BetterSqlite3(path);
    db.exec(
      `CREATE TRIGGER refuse BEFORE INSERT ON user_asset WHEN NEW.user_id = ${STAR} BEGIN SELECT RAISE(ABORT, 'no'); END`,
    );
    db.close();
    expect(() => ledger.replayDeadLetter(id, gift(1))).toThrow('no');
    expect(ledger.deadLetters(9)).toHaveLength(1);
    expect(ledger.records(ALICE, 9)).toHaveLength(1);
    expect(ledger.counters([ALICE])).toMatchObject([{ debited: 0n }]);
  });
});

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { ShardMap, type LogEntry } from '@giftmesh/domain-money';
import { eventEntry, sampleDecided, sampleId, sampleOrder, type SampleEvent } from '@giftmesh/domain-money/testing';
import { SqliteLedgerCore } from './ledger';

/** Users of the {@link AuditFolder}'s books: the first two pay, the others get. */
export const [ALICE, BOB, STAR, MOON] = [11n, 12n, 21n, 22n] as const;

/** Ids of events in the {@link AuditFolder}'s books: a gift to one. */
export const GIFT = sampleId(10);
/** A gift to several, the payer among them. */
export const SHARED = sampleId(11);
/** Pays nobody. */
export const WITHDRAWAL = sampleId(12);
/** A gift that its payer could not pay. */
export const REFUSED = sampleId(13);
/** Gives back a part of {@link SHARED}. */
export const REVERSAL = sampleId(50);

/** The log's entry of an applied gift, or of what else the sample says. */
export const gift = (sample: SampleEvent): LogEntry => eventEntry(sampleDecided(sample));

/** A ledger of its own clock on a file. */
export function openLedger(path: string): SqliteLedgerCore {
  return new SqliteLedgerCore({
    path,
    clock: new SimulatedClock(),
    shards: new ShardMap(4, 2),
    durability: 'none',
  });
}

/** Applies the next entries of partition 0. */
export function apply(ledger: SqliteLedgerCore, entries: readonly LogEntry[]): void {
  const fromOffset = ledger.positions().find(({ partition }) => partition === 0)?.offset ?? 0;
  ledger.apply([{ partition: 0, fromOffset, toOffset: fromOffset + entries.length, entries, parked: [] }]);
}

/** A folder with a ledger's file that has something of everything in it, and nothing wrong. */
export class AuditFolder {
  readonly original: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'giftmesh-audit-'));
  #copies = 0;

  constructor() {
    this.original = this.path('original.db');
    const ledger = openLedger(this.original);
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
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  /** A copy of the original in which `sql` has changed exactly one row. */
  damaged(sql: string, ...values: unknown[]): string {
    const path = this.path(`copy-${(this.#copies += 1)}.db`);
    copyFileSync(this.original, path);
    const db = new BetterSqlite3(path);
    const { changes } = db.prepare(sql).run(...values);
    db.close();
    if (changes !== 1) throw new Error(`${sql} changed ${changes} rows instead of one`);
    return path;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

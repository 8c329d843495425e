import { setTimeout as pause } from 'node:timers/promises';
import { DIFFERENCES_MAX, type LedgerAuditReport } from '@giftmesh/domain-money';
import { DifferenceList, type Difference, type ShardMap } from '@giftmesh/domain-money';
import type { DataFolder } from '../files/data-folder';
import { USERS_PER_CALL, type StationClient } from '../files/station-client';
import { openBooks, type Books } from './books';
import { compareStore } from './compare-store';
import type { Unapplied } from './unapplied';

/** Waiting events that a report names; all are counted. */
export const WAITING_MAX = 100;
/** Times that a ledger being written is read when nothing but numbers of debits is missing: they may be on their way. */
const AUDITS_MAX = 3;
const AUDIT_PAUSE_MS = 1_000;

export interface ReconcileOptions {
  readonly folder: DataFolder;
  /** How the folder's mesh is configured. */
  readonly shards: ShardMap;
  /** The station that works on the folder, or why there is none to compare with. */
  readonly station: StationClient | string;
  /** A line about what is going on, now and then. */
  readonly onProgress?: (text: string) => void;
}

/** An event that is decided and durable, and not in the ledger yet. */
export interface WaitingEvent {
  readonly opUserId: bigint;
  readonly eventId: string;
  readonly outcome: string;
  readonly incr: bigint;
}

export interface ReconcileReport {
  readonly dataDir: string;
  /** True when there is no difference and no problem. */
  readonly clean: boolean;
  readonly ledger: Omit<LedgerAuditReport, 'differences' | 'differenceCount'>;
  readonly log: {
    /** Events that the ledger has not applied yet: on their way while a mesh runs, or when the next one starts. */
    readonly waiting: number;
    /** The first {@link WAITING_MAX}. */
    readonly waitingEvents: readonly WaitingEvent[];
  };
  readonly store:
    | { readonly kind: 'compared'; readonly station: string; readonly accounts: number; readonly looks: number }
    | { readonly kind: 'skipped'; readonly reason: string };
  /** The first ones; all are counted. */
  readonly differences: readonly Difference[];
  readonly differenceCount: number;
  /** What else keeps the books from agreeing, in words. */
  readonly problems: readonly string[];
}

/**
 * Compares everything that says something about money: the ledger with itself, and the station's memory with ledger and log.
 * Writes nothing and may run while the mesh does. Throws `DataFileError` for files that can't be read, StatusError when the
 * station goes away on the way.
 */
export async function reconcile(options: ReconcileOptions): Promise<ReconcileReport> {
  const { folder } = options;
  const books = openBooks(folder, options.shards);
  let audited: AuditedLedger;
  let memory: ComparedMemory;
  try {
    audited = await auditWhileWritten(books, options);
    memory = await compareMemory(books, options);
  } finally {
    await books.close();
  }
  const { unapplied } = audited;
  const { differences: inLedger, differenceCount, ...ledger } = audited.report;
  const problems = [...unapplied.problems, ...memory.problems];
  if (unapplied.unreadable > 0) problems.push(`${unapplied.unreadable} waiting records of the log can't be read`);
  const all = new DifferenceList(DIFFERENCES_MAX);
  all.add(...memory.differences, ...inLedger);
  const count = all.count + differenceCount - inLedger.length;
  return {
    dataDir: folder.path,
    clean: count === 0 && problems.length === 0,
    ledger,
    log: {
      waiting: unapplied.events.length,
      waitingEvents: unapplied.events.slice(0, WAITING_MAX).map(({ event, outcome }) => ({
        opUserId: event.opUserId,
        eventId: event.eventId,
        outcome,
        incr: event.opUserChange.incr,
      })),
    },
    store: memory.store,
    differences: all.kept,
    differenceCount: count,
    problems,
  };
}

interface AuditedLedger {
  readonly report: LedgerAuditReport;
  /** What waited in the log at the moment that the report is of. */
  readonly unapplied: Unapplied;
}

async function auditWhileWritten(
  { ledger, unapplied: unappliedNow }: Books,
  { station, onProgress }: ReconcileOptions,
): Promise<AuditedLedger> {
  for (let audits = 1; ; audits += 1) {
    // Before the audit, which takes its time.
    const unapplied = await unappliedNow();
    onProgress?.('reading the ledger');
    const report = ledger.audit({
      onProgress: ({ stage, rows }) => onProgress?.(`reading the ledger: ${rows.toLocaleString('en-US')} ${stage}`),
    });
    const mayCome =
      report.differences.length === report.differenceCount &&
      report.differences.every(({ kind }) => kind === 'missing_seq');
    if (report.differenceCount === 0 || !mayCome || typeof station === 'string' || audits === AUDITS_MAX)
      return { report, unapplied };
    await pause(AUDIT_PAUSE_MS);
    ledger.refresh();
  }
}

interface ComparedMemory {
  readonly store: ReconcileReport['store'];
  readonly differences: readonly Difference[];
  readonly problems: readonly string[];
}

async function compareMemory(
  { ledger, unapplied }: Books,
  { folder, station, onProgress }: ReconcileOptions,
): Promise<ComparedMemory> {
  if (typeof station === 'string')
    return { store: { kind: 'skipped', reason: station }, differences: [], problems: [] };
  ledger.refresh();
  const { differences, accounts, looks } = await compareStore({
    ledger: {
      usersAfter: (userId, limit) => ledger.usersAfter(userId, limit),
      accountsOf: (userIds) => ledger.accountsOf(userIds),
      // The store has what is parked, too: it was answered OK.
      unapplied: async () => {
        const { events, parked } = await unapplied();
        return [...parked, ...events];
      },
      refresh: () => ledger.refresh(),
    },
    cached: (userIds) => station.cached(userIds),
    usersPerCall: USERS_PER_CALL,
    pause: (ms) => pause(ms),
    onProgress: (users) => onProgress?.(`comparing balances in memory: ${users.toLocaleString('en-US')} users`),
  });
  // Told to the person, not counted: she may have named another mesh's station.
  const isStrange = accounts > 1 && differences.length > accounts / 2;
  return {
    store: { kind: 'compared', station: station.address, accounts, looks },
    differences,
    problems: isStrange ? [`most balances differ: is ${station.address} the station of ${folder.path}?`] : [],
  };
}

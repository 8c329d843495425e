import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { auditLedgerFile, DIFFERENCES_MAX, SqliteEventLog, type LedgerAuditReport } from '@giftmesh/adapter-sqlite';
import { DifferenceList, type Difference, type EventLog, type LogEntry, type ShardMap } from '@giftmesh/domain-money';
import { moneyLogCodec } from '@giftmesh/wire-money';
import type { DataFolder } from '../files/data-folder';
import { LedgerView } from '../files/ledger-view';
import { USERS_PER_CALL, type StationClient } from '../files/station-client';
import { compareStore } from './compare-store';
import { readUnapplied, type Unapplied } from './unapplied';

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
  const { folder, station, onProgress = () => undefined } = options;
  const audit = await auditWhileWritten(options);
  const { differences: audited, differenceCount, ...ledger } = audit;
  const unapplied = await withLedgerAndLog(options, (_, unappliedNow) => unappliedNow());
  const problems = [...unapplied.problems];
  if (unapplied.unreadable > 0) problems.push(`${unapplied.unreadable} waiting records of the log can't be read`);

  let store: ReconcileReport['store'];
  let inStore: readonly Difference[] = [];
  if (typeof station === 'string') {
    store = { kind: 'skipped', reason: station };
  } else {
    const { differences, accounts, looks } = await withLedgerAndLog(options, (view, unappliedNow) =>
      compareStore({
        ledger: {
          usersAfter: (userId, limit) => view.usersAfter(userId, limit),
          accountsOf: (userIds) => view.accountsOf(userIds),
          unapplied: unappliedNow,
          refresh: () => view.refresh(),
        },
        cached: (userIds) => station.cached(userIds),
        usersPerCall: USERS_PER_CALL,
        pause: (ms) => pause(ms),
        onProgress: (users) => onProgress(`comparing balances in memory: ${users.toLocaleString('en-US')} users`),
      }),
    );
    store = { kind: 'compared', station: station.address, accounts, looks };
    inStore = differences;
    // Told to the person, not counted: she may have named another mesh's station.
    if (accounts > 1 && differences.length > accounts / 2)
      problems.push(`most balances differ: is ${station.address} the station of ${folder.path}?`);
  }
  const all = new DifferenceList(DIFFERENCES_MAX);
  all.add(...inStore, ...audited);
  const count = all.count + differenceCount - audited.length;
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
    store,
    differences: all.kept,
    differenceCount: count,
    problems,
  };
}

async function auditWhileWritten({ folder, station, onProgress }: ReconcileOptions): Promise<LedgerAuditReport> {
  for (let audits = 1; ; audits += 1) {
    onProgress?.('reading the ledger');
    const report = auditLedgerFile({
      path: folder.ledgerPath,
      onProgress: ({ stage, rows }) => onProgress?.(`reading the ledger: ${rows.toLocaleString('en-US')} ${stage}`),
    });
    const mayCome =
      report.differences.length === report.differenceCount &&
      report.differences.every(({ kind }) => kind === 'missing_seq');
    if (report.differenceCount === 0 || !mayCome || typeof station === 'string' || audits === AUDITS_MAX) return report;
    await pause(AUDIT_PAUSE_MS);
  }
}

async function withLedgerAndLog<T>(
  { folder, shards }: ReconcileOptions,
  run: (view: LedgerView, unapplied: () => Promise<Unapplied>) => Promise<T>,
): Promise<T> {
  const view = new LedgerView(folder.ledgerPath);
  // A folder of a ledger alone (a DA of its own) has no log beside it.
  let log: EventLog<LogEntry> | undefined;
  try {
    if (existsSync(folder.logPath))
      log = new SqliteEventLog({
        path: folder.logPath,
        codec: moneyLogCodec,
        partitionCount: shards.partitionCount,
        writer: 'inline',
      });
    const opened = log;
    return await run(view, () =>
      opened === undefined
        ? Promise.resolve({ events: [], unreadable: 0, problems: [`there is no log ${folder.logPath}`] })
        : readUnapplied(view, opened, shards),
    );
  } finally {
    view.close();
    await log?.close();
  }
}

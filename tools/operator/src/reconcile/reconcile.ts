import { setTimeout as pause } from 'node:timers/promises';
import { DIFFERENCES_MAX, DifferenceList, type Difference, type LedgerAuditReport } from '@giftmesh/domain-money';
import type { OperatorBalances, OperatorBooks, OperatorStores } from '../stores';
import { compareStore } from './compare-store';
import { lookThroughOutbox, type OutboxReport } from './outbox-report';
import type { Unapplied } from './unapplied';

/** Waiting events that a report names; all are counted. */
export const WAITING_MAX = 100;
/** Times that a ledger being written is read when nothing but numbers of debits is missing: they may be on their way. */
const AUDITS_MAX = 3;
const AUDIT_PAUSE_MS = 1_000;

export interface ReconcileOptions {
  readonly stores: Pick<OperatorStores, 'name' | 'openBooks'>;
  /** The balance store, or why there is none to compare with. It stays its opener's to close. */
  readonly balances: OperatorBalances | string;
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
  /** The folder or database whose books these are. */
  readonly place: string;
  /** True when there is no difference and no problem. */
  readonly clean: boolean;
  /** `in_flight` while something is decided and not in the ledger yet: then balances differ by just that, which is no difference. */
  readonly state: 'at_rest' | 'in_flight';
  readonly ledger: Omit<LedgerAuditReport, 'differences' | 'differenceCount'>;
  readonly log: {
    /** Events that the ledger has not applied yet: on their way while a mesh runs, or when the next one starts. */
    readonly waiting: number;
    /** The first {@link WAITING_MAX}. */
    readonly waitingEvents: readonly WaitingEvent[];
  };
  /** What waits in the balance store; null where nobody can look. */
  readonly outbox: OutboxReport | null;
  readonly store:
    | {
        readonly kind: 'compared';
        /** `memory` of a station, or `redis`. */
        readonly of: OperatorBalances['kind'];
        readonly place: string;
        readonly accounts: number;
        readonly looks: number;
        /** Accounts that differ from the ledger by what is on its way, and by nothing else. */
        readonly explained: number;
      }
    | { readonly kind: 'skipped'; readonly reason: string };
  /** The first ones; all are counted. */
  readonly differences: readonly Difference[];
  readonly differenceCount: number;
  /** What else keeps the books from agreeing, in words. */
  readonly problems: readonly string[];
}

/**
 * Compares everything that says something about money: the ledger with itself, and the balance store with ledger and log.
 * Writes nothing and may run while the mesh does. Throws `DataFileError` for files that can't be read, StatusError or
 * StartRefusedError for servers that go away on the way.
 */
export async function reconcile(options: ReconcileOptions): Promise<ReconcileReport> {
  const { stores, balances } = options;
  const books = await stores.openBooks();
  let audited: AuditedLedger;
  let compared: ComparedStore;
  let outbox: OutboxReport | null;
  try {
    audited = await auditWhileWritten(books, options);
    compared = await compareBalances(books, options);
    outbox = typeof balances === 'string' ? null : await lookThroughOutbox(books, balances);
  } finally {
    await books.close();
  }
  const { unapplied } = audited;
  const { differences: inLedger, differenceCount, ...ledger } = audited.report;
  const problems = [...unapplied.problems, ...compared.problems];
  if (unapplied.unreadable > 0) problems.push(`${unapplied.unreadable} waiting records of the log can't be read`);
  const all = new DifferenceList(DIFFERENCES_MAX);
  all.add(...compared.differences, ...inLedger);
  const count = all.count + differenceCount - inLedger.length;
  return {
    place: stores.name,
    clean: count === 0 && problems.length === 0,
    state: unapplied.events.length === 0 && (outbox?.waiting ?? 0) === 0 ? 'at_rest' : 'in_flight',
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
    outbox,
    store: compared.store,
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
  { ledger, unapplied: unappliedNow }: OperatorBooks,
  { balances, onProgress }: ReconcileOptions,
): Promise<AuditedLedger> {
  for (let audits = 1; ; audits += 1) {
    // Before the audit, which takes its time.
    const unapplied = await unappliedNow();
    onProgress?.('reading the ledger');
    const report = await ledger.audit({
      onProgress: ({ stage, rows }) => onProgress?.(`reading the ledger: ${rows.toLocaleString('en-US')} ${stage}`),
    });
    const mayCome =
      report.differences.length === report.differenceCount &&
      report.differences.every(({ kind }) => kind === 'missing_seq');
    if (report.differenceCount === 0 || !mayCome || typeof balances === 'string' || audits === AUDITS_MAX)
      return { report, unapplied };
    await pause(AUDIT_PAUSE_MS);
    await ledger.refresh();
  }
}

interface ComparedStore {
  readonly store: ReconcileReport['store'];
  readonly differences: readonly Difference[];
  readonly problems: readonly string[];
}

async function compareBalances(
  { ledger, unapplied }: OperatorBooks,
  { stores, balances, onProgress }: ReconcileOptions,
): Promise<ComparedStore> {
  if (typeof balances === 'string')
    return { store: { kind: 'skipped', reason: balances }, differences: [], problems: [] };
  const { kind: of, place } = balances;
  await ledger.refresh();
  const { differences, accounts, looks, explained } = await compareStore({
    ledger: {
      accountsOf: (userIds) => ledger.accountsOf(userIds),
      areOnRecord: (events) => ledger.areOnRecord(events),
      // The store has what is parked, too: it was answered OK.
      unapplied: async () => {
        const { events, parked } = await unapplied();
        return [...parked, ...events];
      },
      refresh: () => ledger.refresh(),
    },
    pages: (waiting) => balances.pages(ledger, waiting),
    balances,
    pause: (ms) => pause(ms),
    monotonicMs: () => performance.now(),
    onProgress: (users) => onProgress?.(`comparing balances in ${of}: ${users.toLocaleString('en-US')} users`),
  });
  // Told to the person, not counted: she may have named another mesh's store.
  const isStrange = accounts > 1 && differences.length > accounts / 2;
  return {
    store: { kind: 'compared', of, place, accounts, looks, explained },
    differences,
    problems: isStrange ? [`most balances differ: does ${place} belong to ${stores.name}?`] : [],
  };
}

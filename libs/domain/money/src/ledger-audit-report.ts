import type { Difference } from './reconciliation';

/** Differences that are kept when the caller names no limit. */
export const DIFFERENCES_MAX = 1000;

/** How far an audit is. */
export interface LedgerAuditProgress {
  readonly stage: 'accounts' | 'events' | 'orders';
  /** Rows of the stage so far. */
  readonly rows: number;
}

/** How an audit is done. */
export interface LedgerAuditOptions {
  /** How many differences are kept; all are counted. Default {@link DIFFERENCES_MAX}. */
  readonly differencesMax?: number;
  readonly onProgress?: (progress: LedgerAuditProgress) => void;
}

/** What an audit has found. */
export interface LedgerAuditReport {
  readonly accounts: number;
  /** Decided events, refusals included, orders and reversals. */
  readonly events: number;
  readonly records: number;
  /** The first ones; `differenceCount` has all. */
  readonly differences: readonly Difference[];
  readonly differenceCount: number;
  readonly totals: {
    readonly balances: bigint;
    readonly recharged: bigint;
    /** Withdrawals that were not reversed. */
    readonly withdrawn: bigint;
    readonly refusals: number;
    readonly deadLetters: number;
    readonly anomalies: number;
  };
}

import type { EventLog, Ledger, LogEntry, SettledNotices } from '@giftmesh/domain-money';

/** What an audit of the ledger tells. */
export interface AuditResult {
  readonly accounts: number;
  readonly events: number;
  readonly differenceCount: number;
}

/** The stores that a DA works on. */
export interface DaStores {
  readonly ledger: Ledger;
  readonly log: EventLog<LogEntry>;
  readonly notices: SettledNotices;
  /** Audits the ledger beside running work. */
  audit(): Promise<AuditResult>;
  close(): Promise<void>;
}

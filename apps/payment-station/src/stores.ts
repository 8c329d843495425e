import type { BalanceStore, EventLog, LogEntry, SettledNotices } from '@giftmesh/domain-money';

/** The stores that a station works on. */
export interface StationStores {
  readonly store: BalanceStore;
  readonly log: EventLog<LogEntry>;
  readonly notices: SettledNotices;
  close(): Promise<void>;
}

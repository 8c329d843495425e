import type { ActivityStore } from '@giftmesh/domain-gifts';
import type { EventLog, LogEntry } from '@giftmesh/domain-money';

/** The stores that Interaction works on. */
export interface InteractionStores {
  readonly activity: ActivityStore;
  /** The log of money, which it only reads. */
  readonly log: EventLog<LogEntry>;
  close(): Promise<void>;
}

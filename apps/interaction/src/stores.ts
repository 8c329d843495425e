import type { ActivityStore } from '@giftmesh/domain-gifts';
import type { InteractionOptions, InteractionPorts } from '@giftmesh/service-interaction';
import type { EventLog, LogEntry } from '@giftmesh/domain-money';

/** The stores that Interaction works on. */
export interface InteractionStores {
  readonly activity: ActivityStore;
  /** The log of money, which it only reads. */
  readonly log: EventLog<LogEntry>;
  /** Where several interactions work on the same stores: how they share the work. */
  readonly shared?: {
    readonly ports: Pick<InteractionPorts, 'countedLog' | 'rankingCache'>;
    readonly options: Partial<InteractionOptions>;
  };
  close(): Promise<void>;
}

import type { station } from '@giftmesh/contract';
import type { ActivityStore, GiftCatalogue, RoomDirectory } from '@giftmesh/domain-gifts';
import type { EventLog, LogEntry, ShardMap } from '@giftmesh/domain-money';
import type { Clock } from '@giftmesh/kernel-time';
import type { Random } from '@giftmesh/kernel-random';
import type { SharedLayer } from '@giftmesh/mesh-cache';
import type { BatchTracer } from '@giftmesh/mesh-telemetry';
import type { IsShed } from './features';

/** How a call to another service is bounded. */
export interface PaymentCallOptions {
  /** Milliseconds. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The part of PaymentStationService that this service needs. Rejects with StatusError. */
export interface PaymentClient {
  changeAssets(
    request: station.ChangeAssetsRequest,
    options?: PaymentCallOptions,
  ): Promise<station.ChangeAssetsResponse>;
  getAssets(request: station.GetAssetsRequest, options?: PaymentCallOptions): Promise<station.GetAssetsResponse>;
}

/** What the service is built on. */
export interface InteractionPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly catalogue: GiftCatalogue;
  readonly rooms: RoomDirectory;
  readonly activity: ActivityStore;
  /** The log of money, read only: what rooms see and rankings count. */
  readonly log: EventLog<LogEntry>;
  /**
   * Where several instances work on one activity store: the same log as a member of the group that shares its partitions, so that each
   * gift is counted by one of them. Default none: this instance counts all of `log`, and the store is its own.
   */
  readonly countedLog?: EventLog<LogEntry>;
  /** How the log's users are spread, the same as the station's. */
  readonly shards: ShardMap;
  readonly payments: PaymentClient;
  /** Rankings that instances have read for each other. Default none. */
  readonly rankingCache?: SharedLayer;
  /** Around the payment of batches that have gifts of recorded calls. Default nobody watches. */
  readonly watchBatch?: BatchTracer;
  /** What shall be shed now. Default nothing. */
  readonly isShed?: IsShed;
  /** True for an instance on shadow stores: it takes gifts of load tests. Default false: they are refused. */
  readonly shadow?: boolean;
}

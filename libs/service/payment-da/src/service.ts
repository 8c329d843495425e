import type { da } from '@giftmesh/contract';
import { isId, isUuidV7 } from '@giftmesh/kernel-ids';
import {
  OrderConflictError,
  ReversalError,
  invalidRequest,
  orderProblems,
  paymentError,
  reversalProblems,
  type Counters,
  type EventLog,
  type EventKey,
  type Ledger,
  type LogEntry,
  type SettledNotices,
  type ShardMap,
} from '@giftmesh/domain-money';
import { StatusCode } from '@giftmesh/kernel-errors';
import {
  WireError,
  countersToProto,
  markerToProto,
  orderFromProto,
  recordToProto,
  reversalFromProto,
} from '@giftmesh/wire-money';
import type { AppliedPositions } from './applied-positions';
import { cursorOf, pageSizeOf, pageToken } from './record-page';

/** The most users or events of one request. */
export const REQUEST_ITEMS_MAX = 1_000;
/** The most decided events that a load lists for one user; who has more is asked about one by one. */
export const LOADED_EVENTS_MAX = 200;

/** What the handlers need. */
export interface PaymentDaPorts {
  readonly log: EventLog<LogEntry>;
  readonly ledger: Ledger;
  readonly notices: SettledNotices;
  readonly shards: ShardMap;
  readonly positions: AppliedPositions;
}

/** The RPCs of PaymentDaService over the ledger. */
export class PaymentDaHandlers {
  constructor(private readonly ports: PaymentDaPorts) {}

  readonly loadAssets = async (request: da.LoadAssetsRequest): Promise<da.LoadAssetsResponse> => {
    const { ledger } = this.ports;
    checkUsers(request.userIds);
    await this.#barrier(request.userIds);
    const users = await ledger.load(request.userIds, Number(request.decidedSinceMs), LOADED_EVENTS_MAX);
    return {
      accounts: users.map((user) => ({
        userId: user.userId,
        assets: user.accounts.map(countersToProto),
        decided: user.markers.map((marker) => markerToProto(marker.eventId, marker)),
        decidedCompleteSinceMs: BigInt(user.markersSinceMs),
      })),
    };
  };

  readonly checkEvents = async (request: da.CheckEventsRequest): Promise<da.CheckEventsResponse> => {
    const { ledger } = this.ports;
    checkEventKeys(request.events);
    const users = [...new Set(request.events.map((event) => event.opUserId))];
    if (request.behindBarrier) await this.#barrier(users);
    const markers = await ledger.decided(request.events);
    const counters = await ledger.counters(users);
    return {
      events: request.events.map(({ eventId }, index) => markerToProto(eventId, markers[index])),
      counters: counters.map(countersToProto),
    };
  };

  readonly listAssetRecords = async (request: da.ListAssetRecordsRequest): Promise<da.ListAssetRecordsResponse> => {
    checkUsers([request.userId]);
    const size = pageSizeOf(request.pageSize);
    const records = await this.ports.ledger.records(
      request.userId,
      size + 1,
      cursorOf(request.userId, request.pageToken),
    );
    const last = records.length > size ? records[size - 1] : undefined;
    return {
      records: records.slice(0, size).map(recordToProto),
      nextPageToken: last === undefined ? '' : pageToken(request.userId, last),
    };
  };

  readonly applyOrder = async (request: da.ApplyOrderRequest): Promise<da.ApplyOrderResponse> => {
    const order = readOrThrow('order', request.order, orderFromProto);
    const problems = orderProblems(order);
    if (problems.length > 0) throw invalidRequest(problems);
    try {
      const { counters, duplicate } = await this.ports.ledger.applyOrder(order);
      this.#tell([counters]);
      return { counters: countersToProto(counters), duplicate };
    } catch (error) {
      if (error instanceof OrderConflictError)
        throw paymentError('ORDER_CONFLICT', error.message, StatusCode.ALREADY_EXISTS, { cause: error });
      throw error;
    }
  };

  readonly reverseEvent = async (request: da.ReverseEventRequest): Promise<da.ReverseEventResponse> => {
    const reversal = readOrThrow('reversal', request.reversal, reversalFromProto);
    const problems = reversalProblems(reversal);
    if (problems.length > 0) throw invalidRequest(problems);
    await this.#barrier([reversal.opUserId]);
    try {
      const { reversed, duplicate, counters } = await this.ports.ledger.reverse(reversal);
      this.#tell(counters);
      return { reversed, duplicate, counters: counters.map(countersToProto) };
    } catch (error) {
      if (!(error instanceof ReversalError)) throw error;
      const code = error.problem === 'not_found' ? StatusCode.NOT_FOUND : StatusCode.FAILED_PRECONDITION;
      throw paymentError('REVERSAL_REFUSED', error.message, code, {
        cause: error,
        metadata: { problem: error.problem.toUpperCase() },
      });
    }
  };

  readonly raiseGeneration = async (request: da.RaiseGenerationRequest): Promise<da.RaiseGenerationResponse> => {
    const { shards, ledger } = this.ports;
    if (request.shards.length === 0 || request.shards.some((shard) => shard < 0 || shard >= shards.shardCount))
      throw invalidRequest([{ field: 'shards', description: `must be 0 to ${shards.shardCount - 1}, at least one` }]);
    return { generation: BigInt(await ledger.raiseGeneration(request.shards)) };
  };

  /** Waits until the ledger has applied all that stands in these users' partitions now. */
  async #barrier(userIds: readonly bigint[]): Promise<void> {
    const { log, positions, shards } = this.ports;
    const partitions = new Set(userIds.map((userId) => shards.partitionOf(userId)));
    const ends = await log.endPositions();
    await positions.waitFor(ends.filter(({ partition }) => partitions.has(partition)));
  }

  #tell(counters: readonly Counters[]): void {
    // A notice may get lost: the caller gets the counters in its answer, the others by their sweepers.
    this.ports.notices.publish({ counters, events: [] }).catch(() => undefined);
  }
}

function readOrThrow<M, T>(field: string, message: M | undefined, read: (message: M) => T): T {
  if (message === undefined) throw invalidRequest([{ field, description: 'is missing' }]);
  try {
    return read(message);
  } catch (error) {
    if (error instanceof WireError)
      throw invalidRequest([{ field: `${field}.${error.field}`, description: error.description }]);
    throw error;
  }
}

function checkUsers(userIds: readonly bigint[]): void {
  if (userIds.length === 0 || userIds.length > REQUEST_ITEMS_MAX)
    throw invalidRequest([{ field: 'user_ids', description: `must be 1 to ${REQUEST_ITEMS_MAX}` }]);
  const wrong = userIds.findIndex((userId) => !isId(userId));
  if (wrong >= 0) throw invalidRequest([{ field: `user_ids[${wrong}]`, description: 'must be a positive int64' }]);
}

function checkEventKeys(events: readonly EventKey[]): void {
  if (events.length === 0 || events.length > REQUEST_ITEMS_MAX)
    throw invalidRequest([{ field: 'events', description: `must be 1 to ${REQUEST_ITEMS_MAX}` }]);
  const wrong = events.findIndex(({ opUserId, eventId }) => !isId(opUserId) || !isUuidV7(eventId));
  if (wrong >= 0)
    throw invalidRequest([{ field: `events[${wrong}]`, description: 'must be a positive int64 and a UUIDv7' }]);
}

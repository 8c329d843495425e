import type { da } from '@giftmesh/contract';
import { isId, isUuidV7 } from '@giftmesh/kernel-ids';
import {
  LedgerRejectError,
  LedgerUnavailableError,
  OrderConflictError,
  ReversalError,
  invalidRequest,
  orderProblems,
  paymentError,
  reversalProblems,
  stressNotSupported,
  type Counters,
  type EventLog,
  type EventKey,
  type Ledger,
  type LogEntry,
  type SettledNotices,
  type ShardMap,
} from '@giftmesh/domain-money';
import { StatusCode, type FieldViolation, type StatusError } from '@giftmesh/kernel-errors';
import { isStress } from '@giftmesh/mesh-lanes';
import {
  WireError,
  countersToProto,
  markerToProto,
  orderFromProto,
  recordToProto,
  reversalFromProto,
} from '@giftmesh/wire-money';
import type { AppliedPositions } from './applied-positions';
import type { ParkedEvents } from './parked-events';
import { cursorOf, pageSizeOf, pageToken } from './record-page';

/** The most users or events of one request. */
export const REQUEST_ITEMS_MAX = 1_000;
/** The most decided events that a load lists for one user; who has more is asked about one by one. */
const LOADED_EVENTS_MAX = 200;

/** Times are below this: a UUIDv7 has 48 bits for its own. Milliseconds. */
const TIME_MS_END = 2 ** 48;
/** When to ask again while the ledger can't be written (a full disk, say), milliseconds. */
const LEDGER_AWAY_RETRY_MS = 500;
const NO_ID = { description: 'must be a positive int64' };

/** What the handlers need. */
export interface PaymentDaPorts {
  readonly log: EventLog<LogEntry>;
  readonly ledger: Ledger;
  readonly notices: SettledNotices;
  readonly shards: ShardMap;
  readonly positions: AppliedPositions;
  readonly parked: ParkedEvents;
  /** See `PaymentDaDependencies`. */
  readonly shadow?: boolean;
}

/** The RPCs of PaymentDaService over the ledger. */
export class PaymentDaHandlers {
  constructor(private readonly ports: PaymentDaPorts) {}

  readonly loadAssets = this.#telling(async (request: da.LoadAssetsRequest): Promise<da.LoadAssetsResponse> => {
    checkUsers(request.userIds);
    const sinceMs = Number(request.decidedSinceMs);
    if (!(sinceMs >= 0 && sinceMs < TIME_MS_END))
      throw invalidRequest([{ field: 'decided_since_ms', description: 'must be Unix milliseconds below 2^48' }]);
    await this.#barrier(request.userIds);
    const users = await this.ports.parked.load(request.userIds, sinceMs, LOADED_EVENTS_MAX);
    return {
      accounts: users.map((user) => ({
        userId: user.userId,
        assets: user.accounts.map(countersToProto),
        decided: user.markers.map((marker) => markerToProto(marker.eventId, marker)),
        decidedCompleteSinceMs: BigInt(user.markersSinceMs),
      })),
    };
  });

  readonly checkEvents = this.#telling(async (request: da.CheckEventsRequest): Promise<da.CheckEventsResponse> => {
    const { ledger } = this.ports;
    checkEventKeys(request.events);
    const users = [...new Set(request.events.map((event) => event.opUserId))];
    if (request.behindBarrier) await this.#barrier(users);
    const markers = await this.ports.parked.decided(request.events);
    const counters = await ledger.counters(users);
    return {
      events: request.events.map(({ eventId }, index) => markerToProto(eventId, markers[index])),
      counters: counters.map(countersToProto),
    };
  });

  readonly listAssetRecords = this.#telling(
    async (request: da.ListAssetRecordsRequest): Promise<da.ListAssetRecordsResponse> => {
      if (!isId(request.userId)) throw invalidRequest([{ field: 'user_id', ...NO_ID }]);
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
    },
  );

  readonly applyOrder = async (request: da.ApplyOrderRequest): Promise<da.ApplyOrderResponse> => {
    this.#refuseStress();
    const order = readOrThrow('order', request.order, orderFromProto);
    refuseProblems('order', orderProblems(order));
    try {
      const { counters, duplicate } = await this.ports.ledger.applyOrder(order);
      this.#tell([counters]);
      return { counters: countersToProto(counters), duplicate };
    } catch (error) {
      if (error instanceof OrderConflictError)
        throw paymentError('ORDER_CONFLICT', error.message, StatusCode.ALREADY_EXISTS, { cause: error });
      throw this.#ledgerRefusal(error);
    }
  };

  readonly reverseEvent = async (request: da.ReverseEventRequest): Promise<da.ReverseEventResponse> => {
    this.#refuseStress();
    const reversal = readOrThrow('reversal', request.reversal, reversalFromProto);
    refuseProblems('reversal', reversalProblems(reversal));
    await this.#barrier([reversal.opUserId]);
    try {
      const { reversed, duplicate, counters } = await this.ports.ledger.reverse(reversal);
      this.#tell(counters);
      return { reversed, duplicate, counters: counters.map(countersToProto) };
    } catch (error) {
      if (!(error instanceof ReversalError)) throw this.#ledgerRefusal(error);
      const code = error.problem === 'not_found' ? StatusCode.NOT_FOUND : StatusCode.FAILED_PRECONDITION;
      throw paymentError('REVERSAL_REFUSED', error.message, code, {
        cause: error,
        metadata: { problem: error.problem.toUpperCase() },
      });
    }
  };

  readonly raiseGeneration = this.#telling(
    async (request: da.RaiseGenerationRequest): Promise<da.RaiseGenerationResponse> => {
      const {
        ledger,
        shards: { shardCount },
      } = this.ports;
      checkCount('shards', request.shards.length, shardCount);
      const wrong = request.shards.findIndex((shard) => shard < 0 || shard >= shardCount);
      if (wrong >= 0)
        throw invalidRequest([{ field: `shards[${wrong}]`, description: `must be 0 to ${shardCount - 1}` }]);
      return { generation: BigInt(await ledger.raiseGeneration(request.shards)) };
    },
  );

  /** A handler that only reads, whose caller is told when the ledger is away. */
  #telling<Request, Response>(
    handler: (request: Request) => Promise<Response>,
  ): (request: Request) => Promise<Response> {
    return async (request) => {
      try {
        return await handler(request);
      } catch (error) {
        throw error instanceof LedgerUnavailableError ? ledgerAway('the ledger can not be read', error) : error;
      }
    };
  }

  /** Waits until the ledger has applied all that stands in these users' partitions now. */
  async #barrier(userIds: readonly bigint[]): Promise<void> {
    const { log, positions, shards } = this.ports;
    const partitions = new Set(userIds.map((userId) => shards.partitionOf(userId)));
    const ends = await log.endPositions();
    await positions.waitFor(ends.filter(({ partition }) => partitions.has(partition)));
  }

  /** Throws for a call of a load test that would change real money. */
  #refuseStress(): void {
    if (isStress() && this.ports.shadow !== true) throw stressNotSupported();
  }

  #tell(counters: readonly Counters[]): void {
    // A notice may get lost: the caller gets the counters in its answer, the others by their sweepers.
    this.ports.notices.publish({ counters, events: [] }).catch(() => undefined);
  }

  /**
   * What it means to the caller that the ledger did not take a write: an account would outgrow its counters (others' accounts are
   * not told), or the ledger is away. Nothing was written then.
   */
  #ledgerRefusal(error: unknown): unknown {
    if (error instanceof LedgerRejectError) {
      const message = 'an account would be past 2^53 - 1';
      return paymentError('AMOUNT_OVERFLOW', message, StatusCode.FAILED_PRECONDITION, { cause: error });
    }
    // Another call may have succeeded meanwhile: what this one met counts.
    if (!(error instanceof LedgerUnavailableError) && this.ports.ledger.healthy()) return error;
    return ledgerAway('the ledger can not be written', error);
  }
}

function ledgerAway(message: string, cause: unknown): StatusError {
  return paymentError('DEPENDENCY_AWAY', message, StatusCode.UNAVAILABLE, {
    retryDelayMs: LEDGER_AWAY_RETRY_MS,
    cause,
  });
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

function refuseProblems(field: string, problems: readonly FieldViolation[]): void {
  if (problems.length > 0)
    throw invalidRequest(problems.map((problem) => ({ ...problem, field: `${field}.${problem.field}` })));
}

function checkCount(field: string, count: number, max: number): void {
  if (count < 1 || count > max) throw invalidRequest([{ field, description: `must be 1 to ${max}, are ${count}` }]);
}

function checkUsers(userIds: readonly bigint[]): void {
  checkCount('user_ids', userIds.length, REQUEST_ITEMS_MAX);
  const wrong = userIds.findIndex((userId) => !isId(userId));
  if (wrong >= 0) throw invalidRequest([{ field: `user_ids[${wrong}]`, ...NO_ID }]);
}

function checkEventKeys(events: readonly EventKey[]): void {
  checkCount('events', events.length, REQUEST_ITEMS_MAX);
  events.forEach(({ opUserId, eventId }, index) => {
    if (!isId(opUserId)) throw invalidRequest([{ field: `events[${index}].op_user_id`, ...NO_ID }]);
    if (!isUuidV7(eventId))
      throw invalidRequest([
        { field: `events[${index}].event_id`, description: 'must be a UUIDv7 in canonical lower-case text' },
      ]);
  });
}

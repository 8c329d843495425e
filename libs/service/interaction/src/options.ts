import { DEFAULT_ACCEPTANCE_WINDOW, type AcceptanceWindow } from '@giftmesh/domain-money';

/** Limits and times of the interaction service. All are at least 1, but for `rankingTtlMs`. */
export interface InteractionOptions {
  /** Over which times of event ids gifts are taken; the station's. Default {@link DEFAULT_ACCEPTANCE_WINDOW}. */
  readonly window: AcceptanceWindow;
  /** The most gifts of one ChangeAssets call, up to 1000. Default 512. */
  readonly batchMax: number;
  /**
   * As many gifts of one turn of the event loop leave without waiting for the rest of the turn: so the first are being written while
   * the last are still being read. Up to `batchMax`. Default 32, or `batchMax` when that is less.
   */
  readonly batchFlushAt: number;
  /** The most ChangeAssets calls under way. Default 4: enough to hide the station's fsync, few enough for batches to form. */
  readonly batchesInFlightMax: number;
  /** The most gifts that wait for a call; further ones are refused with QUEUE_FULL. Default 32,768. */
  readonly giftsQueuedMax: number;
  /** How long one ChangeAssets call may take, milliseconds. Default 2000. */
  readonly paymentTimeoutMs: number;
  /** The most gifts of one StreamGifts message. Default 512. */
  readonly streamMessageMax: number;
  /** The most gifts of a StreamGifts call that are not answered yet; the stream is not read beyond. Default 4096. */
  readonly streamInFlightMax: number;
  /** How long messages of a room are gathered before they are shown, milliseconds. Default 100. */
  readonly tickMs: number;
  /** The most gifts that a room shows one by one in a tick, the dearest; the others are summed up. Default 50. */
  readonly giftsPerTickMax: number;
  /** How many messages a room keeps for slow and returning watchers. Default 2048: 4 s at full load, about 1 MB. */
  readonly ringMax: number;
  /** How long a room that nobody watches keeps its messages, milliseconds. Default 60,000. */
  readonly idleRoomMs: number;
  /** The most rooms whose messages are kept. Default 10,000. */
  readonly roomsMax: number;
  /** The most watchers of one room on this instance. Default 10,000. */
  readonly watchersPerRoomMax: number;
  /** The most watchers on this instance. Default 50,000. */
  readonly watchersMax: number;
  /** How many first places of a room's viewers are announced when they change. Default 3. */
  readonly rankedPlaces: number;
  /** Where others count the gifts, too: how often a ranking is looked at while its room gets gifts and is watched, milliseconds. Default 1000. */
  readonly rankLookMs: number;
  /** How long a ranking that was read is shown without reading again, milliseconds, up to a day. Default 0: for stores that are quick. */
  readonly rankingTtlMs: number;
  /** How much longer it does when it can't or shall not be read, milliseconds, up to a day. Default 300,000. */
  readonly rankingStaleMs: number;
  /** The most rankings in memory; the one that was not asked for the longest goes. Default 1000. */
  readonly rankingsMax: number;
  /** How often rankings are written, at most, milliseconds. Default 200. */
  readonly flushMs: number;
  /** The most scores that wait to be written; the log is not read on beyond. Default 8192. */
  readonly scoresPendingMax: number;
  /** The most accounts whose counted debits are kept in memory. Default 65,536. */
  readonly accountsMax: number;
  /** The most records of one delivery by the log. Default 2048. */
  readonly recordsMax: number;
  /** Least time between two deliveries of the log, milliseconds: rooms are shown in ticks anyway. Default 20. */
  readonly feedIntervalMs: number;
  /** How long the feed waits after a failure, milliseconds. Default 500. */
  readonly feedRetryMs: number;
}

export const DEFAULT_INTERACTION_OPTIONS: InteractionOptions = {
  window: DEFAULT_ACCEPTANCE_WINDOW,
  batchMax: 512,
  batchFlushAt: 32,
  batchesInFlightMax: 4,
  giftsQueuedMax: 32_768,
  paymentTimeoutMs: 2_000,
  streamMessageMax: 512,
  streamInFlightMax: 4_096,
  tickMs: 100,
  giftsPerTickMax: 50,
  ringMax: 2_048,
  idleRoomMs: 60_000,
  roomsMax: 10_000,
  watchersPerRoomMax: 10_000,
  watchersMax: 50_000,
  rankedPlaces: 3,
  rankLookMs: 1_000,
  rankingTtlMs: 0,
  rankingStaleMs: 300_000,
  rankingsMax: 1_000,
  flushMs: 200,
  scoresPendingMax: 8_192,
  accountsMax: 65_536,
  recordsMax: 2_048,
  feedIntervalMs: 20,
  feedRetryMs: 500,
};

/** The options with defaults filled in. Throws RangeError, with the name and the value, for those that make no sense. */
export function interactionOptions(given: Partial<InteractionOptions> = {}): InteractionOptions {
  const batchMax = given.batchMax ?? DEFAULT_INTERACTION_OPTIONS.batchMax;
  const batchFlushAt = Math.min(DEFAULT_INTERACTION_OPTIONS.batchFlushAt, batchMax);
  const options = { ...DEFAULT_INTERACTION_OPTIONS, batchFlushAt, ...given };
  const { window: _, ...numbers } = options;
  for (const [name, value] of Object.entries(numbers)) {
    const least = name === 'rankingTtlMs' ? 0 : 1;
    if (!Number.isInteger(value) || value < least)
      throw new RangeError(`${name} must be an integer of at least ${least}, is ${value}`);
  }
  if (options.batchMax > 1_000) throw new RangeError(`batchMax must be at most 1000, is ${options.batchMax}`);
  if (options.batchFlushAt > options.batchMax)
    throw new RangeError(`batchFlushAt must be at most batchMax ${options.batchMax}, is ${options.batchFlushAt}`);
  if (options.streamInFlightMax < options.streamMessageMax)
    throw new RangeError(
      `streamInFlightMax must be at least streamMessageMax ${options.streamMessageMax}, is ${options.streamInFlightMax}`,
    );
  return options;
}

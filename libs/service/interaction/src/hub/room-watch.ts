import type { interaction } from '@giftmesh/contract';
import type { RoomMessage } from './message-ring';
import type { RoomChannel } from './room-channel';

type Output = IteratorResult<interaction.WatchRoomResponse, undefined>;

export interface RoomWatchParts {
  readonly channel: RoomChannel;
  /** Running number of the first message to hand out. */
  readonly from: number;
  /** True when messages before `from` may be missing: the watcher is told to read anew what it shows. */
  readonly resync: boolean;
  /** For people: the time of messages that are made for this watcher alone. */
  readonly now: () => Date;
  /** Called once when the watch is over. */
  readonly onEnd: () => void;
}

/**
 * One watcher's walk along a room's messages, at its own pace: the next message is made only when it is asked for. Whoever falls
 * behind the oldest message that is kept gets the sum of what was missed, and goes on from there. A watcher that asks
 * for nothing costs nothing.
 */
export class RoomWatch implements AsyncIterableIterator<interaction.WatchRoomResponse, undefined> {
  #next: number;
  #resync: boolean;
  #eventsShown: number;
  #coinsShown: bigint;
  #ended = false;
  #waiting: ((output: Output) => void) | undefined;
  /** A message to hand out before those of the ring. */
  #extra: RoomMessage | undefined;

  constructor(private readonly parts: RoomWatchParts) {
    const { ring } = parts.channel;
    this.#next = parts.from;
    this.#resync = parts.resync;
    const before = ring.at(parts.from - 1) ?? ring.lastDropped;
    this.#eventsShown = before?.eventsShown ?? 0;
    this.#coinsShown = before?.coinsShown ?? 0n;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next message. One call at a time. */
  next(): Promise<Output> {
    if (this.#waiting !== undefined) return Promise.reject(new TypeError('the room is being watched already'));
    if (this.#ended) return Promise.resolve(OVER);
    const response = this.#take();
    if (response !== undefined) return Promise.resolve({ value: response, done: false });
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.parts.channel.waitFor(this);
    });
  }

  return(): Promise<Output> {
    this.end();
    return Promise.resolve(OVER);
  }

  /** Ends the watch, also while it waits. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.parts.channel.leave(this);
    this.#answer(OVER);
    this.parts.onEnd();
  }

  /** Told by the channel that there is more. */
  wake(): void {
    if (this.#waiting === undefined) return;
    const response = this.#take();
    if (response === undefined) this.parts.channel.waitFor(this);
    else this.#answer({ value: response, done: false });
  }

  #answer(output: Output): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(output);
  }

  #take(): interaction.WatchRoomResponse | undefined {
    const { channel } = this.parts;
    if (this.#resync) return this.#tellResync();
    if (this.#next < channel.ring.first) {
      const missed = this.#skipToFirst();
      if (missed !== undefined) return missed;
    }
    if (this.#extra !== undefined) {
      const { response } = this.#extra;
      this.#extra = undefined;
      // Its own token lies behind messages that are still to come.
      return { ...response, resumeToken: channel.tokenBehind(channel.ring.completeBehind) };
    }
    const message = channel.ring.at(this.#next);
    if (message === undefined) return undefined;
    this.#next += 1;
    this.#eventsShown = message.eventsShown;
    this.#coinsShown = message.coinsShown;
    return message.response;
  }

  #tellResync(): interaction.WatchRoomResponse {
    this.#resync = false;
    const { channel, now } = this.parts;
    const before = channel.ring.at(this.#next - 1);
    return {
      resumeToken: channel.tokenBehind(before?.sequence ?? channel.ring.completeBehind),
      at: now(),
      event: { $case: 'missed', value: { events: 0n, coins: 0n, resync: true } },
    };
  }

  /** Goes on at the oldest message that is kept. Returns what to say about those before it, if they had any gifts. */
  #skipToFirst(): interaction.WatchRoomResponse | undefined {
    const { channel, now } = this.parts;
    const { ring, rank } = channel;
    const dropped = ring.lastDropped;
    const from = this.#next;
    this.#next = ring.first;
    if (dropped === undefined) return undefined;
    const events = dropped.eventsShown - this.#eventsShown;
    const coins = dropped.coinsShown - this.#coinsShown;
    this.#eventsShown = dropped.eventsShown;
    this.#coinsShown = dropped.coinsShown;
    const isRankLost = rank !== undefined && rank.sequence <= dropped.sequence;
    if (isRankLost && from < ring.first) this.#extra = rank;
    if (events === 0) return undefined;
    return {
      resumeToken: channel.tokenBehind(dropped.sequence),
      at: now(),
      event: { $case: 'missed', value: { events: BigInt(events), coins, resync: false } },
    };
  }
}

const OVER: Output = { value: undefined, done: true };

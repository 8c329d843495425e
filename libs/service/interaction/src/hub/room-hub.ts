import type { interaction } from '@giftmesh/contract';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import type { Cancel, Clock } from '@giftmesh/kernel-time';
import { SHED_FACTOR, type IsShed } from '../features';
import type { InteractionOptions } from '../options';
import { refusal, shuttingDown } from '../refusal';
import { RoomChannel, type Sequencer } from './room-channel';
import { RoomWatch } from './room-watch';
import type { ResumePlace } from './resume-token';
import type { ShownGift } from './tick-show';

/** Limits and times of the hub. */
export type RoomHubOptions = Pick<
  InteractionOptions,
  'tickMs' | 'giftsPerTickMax' | 'ringMax' | 'idleRoomMs' | 'roomsMax' | 'watchersPerRoomMax' | 'watchersMax'
>;

/**
 * Rooms, their last messages and their watchers. A room is kept from the first time somebody enters or watches it until nobody
 * has for `idleRoomMs`; what happens in other rooms costs nothing here.
 *
 * Gifts are gathered for `tickMs` before they are shown; the first after a quiet while is shown at the end of its turn.
 */
export class RoomHub {
  readonly #channels = new Map<bigint, RoomChannel>();
  readonly #gathering = new Set<RoomChannel>();
  readonly #sequencer: Sequencer;
  #sequence = 0;
  #watchers = 0;
  #cancelTick: Cancel | undefined;
  #cancelSweep: Cancel | undefined;
  #closed = false;

  /**
   * @param instanceId lower-case letters and digits that no other run of an instance has: part of all tokens.
   * @param firstPlaces the first places of a room as they stand when somebody comes.
   * @param isShed while pushes are, rooms are shown as much less often.
   */
  constructor(
    private readonly clock: Clock,
    readonly instanceId: string,
    private readonly options: RoomHubOptions,
    private readonly firstPlaces: (roomId: bigint) => Promise<readonly interaction.LeaderboardEntry[]>,
    private readonly isShed: IsShed = () => false,
  ) {
    this.#sequencer = { instanceId, next: () => (this.#sequence += 1) };
  }

  get rooms(): number {
    return this.#channels.size;
  }

  get watchers(): number {
    return this.#watchers;
  }

  /** Rooms with watchers, of the given ones. */
  watched(roomIds: Iterable<bigint>): bigint[] {
    return [...roomIds].filter((roomId) => this.isWatched(roomId));
  }

  isWatched(roomId: bigint): boolean {
    return (this.#channels.get(roomId)?.watches.size ?? 0) > 0;
  }

  /** A token from which on a watch misses nothing that is shown after now. */
  enter(roomId: bigint): string {
    const channel = this.#channelOf(roomId);
    return channel.tokenBehind(this.#sequence);
  }

  /**
   * Watches a room from a place on, or from now. Throws RESOURCE_EXHAUSTED beyond the limits.
   * @param place undefined for now; must be of this room.
   */
  watch(roomId: bigint, place: ResumePlace | undefined): RoomWatch {
    const { watchersMax, watchersPerRoomMax } = this.options;
    const channel = this.#channelOf(roomId);
    if (this.#watchers >= watchersMax || channel.watches.size >= watchersPerRoomMax) throw tooManyWatchers();
    const from = place?.instanceId === this.instanceId ? channel.ring.behind(place.sequence) : undefined;
    this.#watchers += 1;
    const watch: RoomWatch = new RoomWatch({
      channel,
      from: from ?? channel.ring.end,
      resync: place !== undefined && from === undefined,
      now: () => this.#now(),
      onEnd: () => this.#onWatchEnd(channel),
    });
    channel.watches.add(watch);
    return watch;
  }

  /** Adds a gift to what a room shows next. Call {@link endTurn} behind the last gift of a turn. */
  showGift(roomId: bigint, gift: ShownGift): void {
    const channel = this.#channels.get(roomId);
    if (channel === undefined) return;
    channel.show.add(gift);
    this.#gathering.add(channel);
  }

  /** Announces the first places of a room if others hold them than before. */
  showRank(roomId: bigint, top: readonly interaction.LeaderboardEntry[]): void {
    this.#channels.get(roomId)?.showRank(this.#now(), top);
  }

  /** Shows what was gathered in rooms that were quiet, and plans the tick for the others. */
  endTurn(): void {
    if (this.#gathering.size === 0) return;
    const nowMs = this.clock.monotonicMs();
    const tickMs = this.options.tickMs * (this.isShed('push') ? SHED_FACTOR : 1);
    for (const channel of this.#gathering) if (nowMs - channel.lastShownMs >= tickMs) this.#show(channel, nowMs);
    if (this.#gathering.size > 0 && this.#cancelTick === undefined && !this.#closed)
      this.#cancelTick = this.clock.schedule(tickMs, () => this.#tick());
  }

  /** Ends all watches. */
  close(): void {
    this.#closed = true;
    this.#cancelTick?.();
    this.#cancelSweep?.();
    for (const channel of this.#channels.values()) for (const watch of [...channel.watches]) watch.end();
    this.#channels.clear();
    this.#gathering.clear();
  }

  #tick(): void {
    this.#cancelTick = undefined;
    const nowMs = this.clock.monotonicMs();
    for (const channel of this.#gathering) this.#show(channel, nowMs);
  }

  #show(channel: RoomChannel, nowMs: number): void {
    this.#gathering.delete(channel);
    channel.lastShownMs = nowMs;
    channel.showGathered(this.#now());
  }

  #now(): Date {
    return new Date(this.clock.nowMs());
  }

  #channelOf(roomId: bigint): RoomChannel {
    if (this.#closed) throw new StatusError(shuttingDown());
    let channel = this.#channels.get(roomId);
    if (channel === undefined) {
      if (this.#channels.size >= this.options.roomsMax) this.#dropLongestUnwatched();
      channel = new RoomChannel(roomId, this.#sequencer, this.options);
      this.#channels.set(roomId, channel);
      void this.#learnRank(channel);
    }
    channel.touchedMs = this.clock.monotonicMs();
    this.#planSweep();
    return channel;
  }

  async #learnRank(channel: RoomChannel): Promise<void> {
    try {
      channel.knowRank(await this.firstPlaces(channel.roomId));
    } catch {
      // Then the next change of a score announces the places, though they may be those of before.
    }
  }

  #dropLongestUnwatched(): void {
    let longest: RoomChannel | undefined;
    for (const channel of this.#channels.values())
      if (channel.watches.size === 0 && (longest === undefined || channel.touchedMs < longest.touchedMs))
        longest = channel;
    if (longest === undefined) throw tooManyWatchers();
    this.#drop(longest);
  }

  #drop(channel: RoomChannel): void {
    this.#channels.delete(channel.roomId);
    this.#gathering.delete(channel);
  }

  #onWatchEnd(channel: RoomChannel): void {
    this.#watchers -= 1;
    channel.touchedMs = this.clock.monotonicMs();
    this.#planSweep();
  }

  #planSweep(): void {
    if (this.#closed || this.#cancelSweep !== undefined) return;
    this.#cancelSweep = this.clock.schedule(this.options.idleRoomMs, () => this.#sweep());
  }

  #sweep(): void {
    this.#cancelSweep = undefined;
    const idleSinceMs = this.clock.monotonicMs() - this.options.idleRoomMs;
    let unwatched = 0;
    for (const channel of this.#channels.values()) {
      if (channel.watches.size > 0) continue;
      if (channel.touchedMs <= idleSinceMs) this.#drop(channel);
      else unwatched += 1;
    }
    if (unwatched > 0) this.#planSweep();
  }
}

function tooManyWatchers(): StatusError {
  return new StatusError(
    refusal('TOO_MANY_WATCHERS', StatusCode.RESOURCE_EXHAUSTED, 'too many watch on this instance', {
      retryDelayMs: 1_000,
    }),
  );
}

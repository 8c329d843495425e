import type { interaction } from '@giftmesh/contract';
import { MessageRing, type RoomMessage } from './message-ring';
import { resumeTokenOf } from './resume-token';
import type { RoomWatch } from './room-watch';
import { TickShow, type DrawnGift } from './tick-show';

/** Gives out the sequence numbers of an instance. */
export interface Sequencer {
  readonly instanceId: string;
  next(): number;
}

/** Everything about one room that somebody watches or is about to. */
export class RoomChannel {
  readonly ring: MessageRing;
  readonly show: TickShow;
  readonly watches = new Set<RoomWatch>();
  /** Those of `watches` that wait for the next message. */
  readonly #waiting = new Set<RoomWatch>();
  /** Monotonic milliseconds. */
  lastShownMs = -Infinity;
  /** When somebody was here last, monotonic milliseconds. */
  touchedMs = 0;
  /** Who held the first places last, undefined when that is not known. */
  #ranked: string | undefined;
  #rank: RoomMessage | undefined;

  constructor(
    readonly roomId: bigint,
    private readonly sequencer: Sequencer,
    limits: { readonly ringMax: number; readonly giftsPerTickMax: number },
  ) {
    this.ring = new MessageRing(limits.ringMax, sequencer.next());
    this.show = new TickShow(limits.giftsPerTickMax);
  }

  /** The token of the place behind a message. */
  tokenBehind(sequence: number): string {
    return resumeTokenOf({ instanceId: this.sequencer.instanceId, roomId: this.roomId, sequence });
  }

  /** The last announcement of the first places, undefined before there was one. */
  get rank(): RoomMessage | undefined {
    return this.#rank;
  }

  /** Turns what was gathered into messages. @param at for people: the time of the messages. */
  showGathered(at: Date): void {
    const { drawn, summed } = this.show.take();
    for (const gift of drawn) {
      this.#append(at, { $case: 'gift', value: giftShown(gift) }, gift.events, gift.coins);
      const { effect, viewerId, giftId } = gift.gift;
      if (effect !== '') this.#append(at, { $case: 'effect', value: { effect, viewerId, giftId } });
    }
    if (summed.events > 0) {
      const missed = { events: BigInt(summed.events), coins: summed.coins, resync: false };
      this.#append(at, { $case: 'missed', value: missed }, summed.events, summed.coins);
    }
    this.wake();
  }

  /** Announces the first places if others hold them than at the last announcement. */
  showRank(at: Date, top: readonly interaction.LeaderboardEntry[]): void {
    const ranked = holdersOf(top);
    if (ranked === this.#ranked) return;
    this.#ranked = ranked;
    this.#rank = this.#append(at, { $case: 'rank', value: { top: [...top] } });
    this.wake();
  }

  /** Takes the first places as they stood before the first announcement. */
  knowRank(top: readonly interaction.LeaderboardEntry[]): void {
    this.#ranked ??= holdersOf(top);
  }

  waitFor(watch: RoomWatch): void {
    this.#waiting.add(watch);
  }

  leave(watch: RoomWatch): void {
    this.watches.delete(watch);
    this.#waiting.delete(watch);
  }

  wake(): void {
    if (this.#waiting.size === 0) return;
    const woken = [...this.#waiting];
    this.#waiting.clear();
    for (const watch of woken) watch.wake();
  }

  #append(at: Date, event: interaction.WatchRoomResponse['event'], events = 0, coins = 0n): RoomMessage {
    const { last, lastDropped } = this.ring;
    const before = last ?? lastDropped;
    const sequence = this.sequencer.next();
    const message: RoomMessage = {
      sequence,
      response: { resumeToken: this.tokenBehind(sequence), at, event },
      eventsShown: (before?.eventsShown ?? 0) + events,
      coinsShown: (before?.coinsShown ?? 0n) + coins,
    };
    this.ring.append(message);
    return message;
  }
}

function holdersOf(top: readonly interaction.LeaderboardEntry[]): string {
  return top.map(({ userId }) => userId).join();
}

function giftShown({ gift, count, coins, comboCount }: DrawnGift): interaction.GiftShown {
  const { viewerId, giftId, recipientIds, combo } = gift;
  return {
    viewerId,
    giftId,
    recipientIds: [...recipientIds],
    count,
    comboCount,
    comboKey: combo?.comboKey ?? '',
    coins,
  };
}

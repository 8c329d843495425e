import type { interaction } from '@giftmesh/contract';
import { seededCatalogue, type Room } from '@giftmesh/domain-gifts';
import type { MeshClients } from './mesh-clients';

export interface TickerOptions {
  readonly interactions: MeshClients['interaction'];
  readonly room: Room;
  /** The most lines are shown this far apart; between two, the dearest gift is chosen. */
  readonly everyMs: number;
  readonly show: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Follows a room with WatchRoom and shows a line of it now and then. */
export class Ticker {
  readonly #options: TickerOptions;
  readonly #gifts = seededCatalogue();
  #best: interaction.GiftShown | undefined;
  #leader = 0n;
  #shownMs = 0;
  /** Messages that the room has sent. */
  messages = 0;

  constructor(options: TickerOptions) {
    this.#options = options;
  }

  /** Follows the room until the signal aborts; rejects when the stream breaks. */
  async run(): Promise<void> {
    const { interactions, room, signal } = this.#options;
    const messages = interactions.watchRoom({ roomId: room.roomId, resumeToken: '' }, { signal });
    try {
      for await (const message of messages) this.#take(message);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #take({ event }: interaction.WatchRoomResponse): void {
    this.messages += 1;
    if (event?.$case === 'gift' && event.value.coins > (this.#best?.coins ?? 0n)) this.#best = event.value;
    const leader = event?.$case === 'rank' ? event.value.top[0]?.userId : undefined;
    if (performance.now() - this.#shownMs < this.#options.everyMs) return;
    if (leader !== undefined && leader !== this.#leader) {
      this.#leader = leader;
      this.#show(`            viewer ${leader} now leads the ranking`);
    } else if (this.#best !== undefined) {
      this.#show(this.#lineOf(this.#best));
      this.#best = undefined;
    }
  }

  #show(line: string): void {
    this.#shownMs = performance.now();
    this.#options.show(line);
  }

  #lineOf({ viewerId, giftId, count, recipientIds, comboCount, coins }: interaction.GiftShown): string {
    const gift = this.#gifts.find(giftId);
    const what = `${count} x ${gift?.name ?? `gift ${giftId}`}`;
    const whom = recipientIds.length === 1 ? `streamer ${recipientIds[0]}` : `${recipientIds.length} streamers`;
    return [
      coins.toLocaleString('en-US').padStart(9),
      ` viewer ${viewerId}`.padEnd(14),
      what.padEnd(28),
      `for ${whom}`.padEnd(21),
      comboCount > 1 ? `combo ${comboCount}` : '',
      gift === undefined || gift.effect === '' ? '' : `~ ${gift.effect.replaceAll('_', ' ')} ~`,
    ]
      .join('  ')
      .trimEnd();
  }
}

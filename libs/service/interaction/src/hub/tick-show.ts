/** A gift as a room sees it. */
export interface ShownGift {
  readonly viewerId: bigint;
  readonly giftId: number;
  readonly recipientIds: readonly bigint[];
  /** For each recipient. */
  readonly count: number;
  readonly coins: bigint;
  /** Full-screen effect, empty for none. */
  readonly effect: string;
  /** Undefined for a gift outside a combo. */
  readonly combo: { readonly comboId: string; readonly comboKey: string; readonly comboCount: number } | undefined;
}

/** One or more gifts of a combo, or a gift of its own. */
export interface DrawnGift {
  readonly gift: ShownGift;
  /** Gift events that are drawn together. */
  events: number;
  count: number;
  coins: bigint;
  comboCount: number;
}

/** Gifts that are not drawn one by one. */
export interface SummedGifts {
  events: number;
  coins: bigint;
}

/** How many times as many gifts as are shown may wait for the choice of the dearest. */
const WAITING_FACTOR = 4;

/**
 * What a room gathers for its next tick: gifts of a combo are drawn together, and when there are more than `giftsMax`, the
 * dearest are drawn and the others summed up, so that no crowd makes more messages than a watcher can take.
 */
export class TickShow {
  #drawn: DrawnGift[] = [];
  readonly #combos = new Map<string, DrawnGift>();
  #summed: SummedGifts = { events: 0, coins: 0n };

  constructor(private readonly giftsMax: number) {}

  get isEmpty(): boolean {
    return this.#drawn.length === 0 && this.#summed.events === 0;
  }

  add(gift: ShownGift): void {
    const running = gift.combo === undefined ? undefined : this.#combos.get(gift.combo.comboId);
    if (running !== undefined) {
      running.events += 1;
      running.count += gift.count;
      running.coins += gift.coins;
      running.comboCount = Math.max(running.comboCount, gift.combo?.comboCount ?? 0);
      return;
    }
    const drawn = { gift, events: 1, count: gift.count, coins: gift.coins, comboCount: gift.combo?.comboCount ?? 0 };
    this.#drawn.push(drawn);
    if (gift.combo !== undefined) this.#combos.set(gift.combo.comboId, drawn);
    if (this.#drawn.length >= this.giftsMax * WAITING_FACTOR) this.#keepDearest();
  }

  /** Hands out what was gathered, in order of its coming, and begins anew. */
  take(): { readonly drawn: readonly DrawnGift[]; readonly summed: SummedGifts } {
    if (this.#drawn.length > this.giftsMax) this.#keepDearest();
    const taken = { drawn: this.#drawn, summed: this.#summed };
    this.#drawn = [];
    this.#combos.clear();
    this.#summed = { events: 0, coins: 0n };
    return taken;
  }

  #keepDearest(): void {
    const byPrice = [...this.#drawn].sort((a, b) => (a.coins === b.coins ? 0 : a.coins > b.coins ? -1 : 1));
    const kept = new Set(byPrice.slice(0, this.giftsMax));
    for (const drawn of byPrice.slice(this.giftsMax)) {
      this.#summed.events += drawn.events;
      this.#summed.coins += drawn.coins;
      if (drawn.gift.combo !== undefined) this.#combos.delete(drawn.gift.combo.comboId);
    }
    this.#drawn = this.#drawn.filter((drawn) => kept.has(drawn));
  }
}

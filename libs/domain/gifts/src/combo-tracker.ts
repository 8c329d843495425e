import type { Clock } from '@giftmesh/kernel-time';
import { RecentMap } from './recent-map';

/** What makes sends one combo, together with their recipients. */
export interface ComboIdentity {
  readonly viewerId: bigint;
  readonly roomId: bigint;
  readonly giftId: number;
  readonly comboKey: string;
}

export interface ComboTrackerOptions {
  readonly clock: Clock;
  /**
   * The most combos that are remembered, at least 2; the half that had its last gift longest ago may be forgotten.
   * 65,536 by default (about 15 MB).
   */
  readonly combosMax?: number;
  /** The most events whose number is remembered, at least 2; the older half may be forgotten. 131,072 by default (about 25 MB). */
  readonly eventsMax?: number;
}

interface Combo {
  count: number;
  lastMs: number;
}

interface Counted {
  readonly viewerId: bigint;
  readonly count: number;
  /** From then on the combo is over for who asks again. */
  readonly combo: Combo;
  readonly windowMs: number;
}

/** One text for one combo, whatever the order of its recipients. */
export function comboIdOf(combo: ComboIdentity, recipientIds: readonly bigint[]): string {
  const recipients = recipientIds.length === 1 ? String(recipientIds[0]) : recipientIds.map(String).sort().join();
  return `${combo.viewerId}|${combo.roomId}|${combo.giftId}|${recipients}|${combo.comboKey}`;
}

/**
 * Running counts of combos. Display only: money never looks at them.
 *
 * Several sources may tell of the same event (the answer of a call, the log); whichever comes first counts it, the others
 * get the same number. What is forgotten because of the limits begins anew at its own count.
 */
export class ComboTracker {
  readonly #clock: Clock;
  readonly #combos: RecentMap<string, Combo>;
  readonly #events: RecentMap<string, Counted>;

  /** Throws RangeError for limits that make no sense. */
  constructor({ clock, combosMax = 65_536, eventsMax = 131_072 }: ComboTrackerOptions) {
    for (const [name, value] of Object.entries({ combosMax, eventsMax }))
      if (!Number.isInteger(value) || value < 2)
        throw new RangeError(`${name} must be an integer of at least 2, is ${value}`);
    this.#clock = clock;
    this.#combos = new RecentMap(combosMax);
    this.#events = new RecentMap(eventsMax);
  }

  /** Combos that are remembered, those that are over and were not yet replaced included. */
  get combos(): number {
    return this.#combos.size;
  }

  /** Events whose number is remembered. */
  get events(): number {
    return this.#events.size;
  }

  /**
   * The running count of a combo with this event included.
   * @param comboId see {@link comboIdOf}.
   * @param eventId with `viewerId` what makes the event unique: two viewers may have made the same id.
   * @param count how many gifts each recipient gets with this event.
   * @param windowMs how long the combo waits for its next gift; longer after the last one, a new combo begins.
   */
  add(comboId: string, eventId: string, viewerId: bigint, count: number, windowMs: number): number {
    let key = eventId;
    let known = this.#events.get(key);
    if (known !== undefined && known.viewerId !== viewerId) {
      key = sharedIdKey(eventId, viewerId);
      known = this.#events.get(key);
    }
    if (known !== undefined) return known.count;
    const nowMs = this.#clock.monotonicMs();
    let combo = this.#combos.get(comboId);
    if (combo === undefined || nowMs - combo.lastMs > windowMs) combo = { count: 0, lastMs: nowMs };
    combo.count += count;
    combo.lastMs = nowMs;
    this.#combos.set(comboId, combo);
    this.#events.set(key, { viewerId, count: combo.count, combo, windowMs });
    return combo.count;
  }

  /** The number that an event got, 0 when it is not known or its combo is over. */
  countOf(eventId: string, viewerId: bigint): number {
    let known = this.#events.get(eventId);
    if (known !== undefined && known.viewerId !== viewerId) known = this.#events.get(sharedIdKey(eventId, viewerId));
    if (known === undefined || this.#clock.monotonicMs() - known.combo.lastMs > known.windowMs) return 0;
    return known.count;
  }
}

/** The key of an event whose id another viewer has used before. Rare, and so is the cost of a longer text. */
function sharedIdKey(eventId: string, viewerId: bigint): string {
  return `${eventId}/${viewerId}`;
}

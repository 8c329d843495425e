import type { Cancel, Clock } from '@giftmesh/kernel-time';

/** A longer timer would fire at once (Node's limit); the wheel wakes up in between instead. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Something that has a deadline. */
export interface Expiring {
  /** Monotonic milliseconds, Infinity for none. Must not change while it is in a wheel. */
  readonly deadlineMs: number;
  /** Called once, when the deadline has passed. Must not throw. */
  expire(): void;
}

export interface DeadlineWheelOptions {
  readonly clock: Clock;
  /** How much later than its deadline something may expire, milliseconds. Default 5, range 1 to 1000. */
  readonly granularityMs?: number;
}

/**
 * Watches the deadlines of many calls with one timer: deadlines are grouped into slots of `granularityMs`, so that
 * adding and removing one costs a set operation instead of a timer. Nothing expires before its deadline.
 * Holds what was added until it is deleted or expires; the owner of the calls bounds their number.
 */
export class DeadlineWheel {
  readonly #clock: Clock;
  readonly #granularityMs: number;
  readonly #slots = new Map<number, Set<Expiring>>();
  /** The slot that the timer waits for, Infinity when there is no timer. */
  #armedSlot = Infinity;
  #cancelTimer: Cancel | undefined;

  /** Throws RangeError for a granularity outside of its range. */
  constructor(options: DeadlineWheelOptions) {
    const granularityMs = options.granularityMs ?? 5;
    if (!(granularityMs >= 1 && granularityMs <= 1_000)) {
      throw new RangeError(`granularityMs must be 1 to 1000, got ${granularityMs}`);
    }
    this.#clock = options.clock;
    this.#granularityMs = granularityMs;
  }

  add(entry: Expiring): void {
    if (entry.deadlineMs === Infinity) return;
    const slot = this.#slotOf(entry);
    const entries = this.#slots.get(slot);
    if (entries === undefined) this.#slots.set(slot, new Set([entry]));
    else entries.add(entry);
    if (slot < this.#armedSlot) this.#arm(slot);
  }

  delete(entry: Expiring): void {
    if (entry.deadlineMs === Infinity) return;
    const slot = this.#slotOf(entry);
    const entries = this.#slots.get(slot);
    if (entries === undefined) return;
    entries.delete(entry);
    // The timer stays: most calls end long before their deadline, and moving it each time would cost more than one
    // needless turn.
    if (entries.size === 0) this.#slots.delete(slot);
  }

  /** Stops the timer and forgets everything. */
  clear(): void {
    this.#slots.clear();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#armedSlot = Infinity;
  }

  #slotOf(entry: Expiring): number {
    return Math.ceil(entry.deadlineMs / this.#granularityMs);
  }

  #arm(slot: number): void {
    this.#cancelTimer?.();
    this.#armedSlot = slot;
    const untilMs = slot * this.#granularityMs - this.#clock.monotonicMs();
    const delayMs = Math.min(Math.max(0, untilMs), TIMER_MS_MAX);
    this.#cancelTimer = this.#clock.schedule(delayMs, () => this.#turn());
  }

  #turn(): void {
    this.#armedSlot = Infinity;
    this.#cancelTimer = undefined;
    const nowSlot = Math.floor(this.#clock.monotonicMs() / this.#granularityMs);
    const due: Expiring[] = [];
    let nextSlot = Infinity;
    for (const [slot, entries] of this.#slots) {
      if (slot <= nowSlot) {
        for (const entry of entries) due.push(entry);
        this.#slots.delete(slot);
      } else if (slot < nextSlot) nextSlot = slot;
    }
    if (nextSlot < Infinity) this.#arm(nextSlot);
    for (const entry of due) entry.expire();
  }
}

import { StatusCode } from '@giftmesh/kernel-errors';
import type { Cancel, Clock } from '@giftmesh/kernel-time';
import { paymentError, type LogPosition } from '@giftmesh/domain-money';

export interface AppliedPositionsOptions {
  /** The longest that anyone waits, milliseconds. */
  readonly waitMaxMs: number;
  /** The most that wait at once. */
  readonly waitersMax: number;
  /** How often positions are read from the ledger while someone waits: other instances apply partitions too. Milliseconds. */
  readonly refreshMs: number;
}

export const DEFAULT_APPLIED_POSITIONS_OPTIONS: AppliedPositionsOptions = {
  waitMaxMs: 5_000,
  waitersMax: 10_000,
  refreshMs: 50,
};

interface Waiter {
  readonly goals: readonly LogPosition[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly cancelTimeout: Cancel;
}

/** Where each partition has been applied to, and those who wait for it: the read barrier. */
export class AppliedPositions {
  readonly #offsets = new Map<number, number>();
  readonly #waiters = new Set<Waiter>();
  #refreshing = false;

  /** @param refresh reads all positions from the ledger. */
  constructor(
    private readonly clock: Clock,
    private readonly refresh: () => Promise<readonly LogPosition[]>,
    private readonly options: AppliedPositionsOptions = DEFAULT_APPLIED_POSITIONS_OPTIONS,
  ) {}

  get waiting(): number {
    return this.#waiters.size;
  }

  /** Takes note of positions; they only go forward. */
  advance(positions: readonly LogPosition[]): void {
    for (const { partition, offset } of positions)
      this.#offsets.set(partition, Math.max(this.#offsets.get(partition) ?? 0, offset));
    for (const waiter of this.#waiters) {
      if (!this.hasReached(waiter.goals)) continue;
      this.#remove(waiter);
      waiter.resolve();
    }
  }

  /** True when all `goals` have been applied, as far as this process has heard. */
  hasReached(goals: readonly LogPosition[]): boolean {
    return goals.every(({ partition, offset }) => (this.#offsets.get(partition) ?? 0) >= offset);
  }

  /** Resolves when all `goals` have been applied. Rejects with UNAVAILABLE after `waitMaxMs`. */
  waitFor(goals: readonly LogPosition[]): Promise<void> {
    if (this.hasReached(goals)) return Promise.resolve();
    if (this.#waiters.size >= this.options.waitersMax)
      return Promise.reject(
        paymentError('BACKLOG', `${this.options.waitersMax} loads wait for the ledger`, StatusCode.RESOURCE_EXHAUSTED),
      );
    return new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        goals,
        resolve,
        reject,
        cancelTimeout: this.clock.schedule(this.options.waitMaxMs, () => {
          this.#remove(waiter);
          reject(paymentError('DEPENDENCY_AWAY', 'the ledger is behind the log', StatusCode.UNAVAILABLE));
        }),
      };
      this.#waiters.add(waiter);
      this.#planRefresh();
    });
  }

  #remove(waiter: Waiter): void {
    waiter.cancelTimeout();
    this.#waiters.delete(waiter);
  }

  #planRefresh(): void {
    if (this.#refreshing) return;
    this.#refreshing = true;
    this.clock.schedule(this.options.refreshMs, () => {
      this.refresh()
        .then((positions) => this.advance(positions))
        // Those who wait learn of a ledger that is away by their time limit.
        .catch(() => undefined)
        .finally(() => {
          this.#refreshing = false;
          if (this.#waiters.size > 0) this.#planRefresh();
        });
    });
  }
}

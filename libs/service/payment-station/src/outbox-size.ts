import type { Clock } from '@giftmesh/kernel-time';
import type { BalanceStore } from '@giftmesh/domain-money';

/** Between two looks at least, milliseconds: each asks all shards. */
export const OUTBOX_LOOK_EVERY_MS = 1_000;

/**
 * How many entries the outbox has. Nobody looks until somebody asks: an answer is that of the look which the question before has begun, so that
 * who asks regularly, as a scraper does, gets a number that is one question old, and a process that nobody watches does nothing.
 */
export class OutboxSize {
  #entries: number | undefined;
  #lookedAtMs = -Infinity;
  #looking = false;

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly store: Pick<BalanceStore, 'outboxSize'>,
  ) {}

  /** Of the last look; undefined before the first has come to its end, and when the store did not answer. */
  ask(): number | undefined {
    if (!this.#looking && this.clock.monotonicMs() - this.#lookedAtMs >= OUTBOX_LOOK_EVERY_MS) void this.#look();
    return this.#entries;
  }

  async #look(): Promise<void> {
    this.#looking = true;
    this.#lookedAtMs = this.clock.monotonicMs();
    try {
      this.#entries = await this.store.outboxSize();
    } catch {
      // What is away is told elsewhere; an old number would say that all is well.
      this.#entries = undefined;
    } finally {
      this.#looking = false;
    }
  }
}

import { sleep, type Clock } from '@giftmesh/kernel-time';
import { runOutsideCall } from '@giftmesh/mesh-context';
import type { BalanceStore } from '@giftmesh/domain-money';
import type { LogAppender } from './log-appender';
import type { PaymentDaClient } from './ports';

export interface GenerationRecoveryOptions {
  /** Between tries while the ledger or the store is away, milliseconds. */
  readonly retryDelayMs: number;
  readonly timeoutMs: number;
}

export const DEFAULT_GENERATION_RECOVERY_OPTIONS: GenerationRecoveryOptions = { retryDelayMs: 200, timeoutMs: 3_000 };

/** How often others may come between before the recovery begins anew. */
const RAISES_MAX = 10;

/**
 * Recovers shards that the store has lost: a new generation from the ledger, the store raised to it, a fence in the log, the
 * shards opened. The order matters, and so does that the generation is the youngest (see `#raise`). Once the store is
 * raised, an answer for an older decision asks the ledger first; once the fence stands, an older decision that comes behind it
 * does not count; and only then are shards opened for loads, which wait for all that stands in the log: so no balance is given
 * out that misses a debit that still counts.
 */
export class GenerationRecovery {
  #running: Promise<void> | undefined;
  #completed = 0;
  #closed = false;

  constructor(
    private readonly clock: Clock,
    private readonly store: BalanceStore,
    private readonly ledger: PaymentDaClient,
    private readonly appender: LogAppender,
    private readonly options: GenerationRecoveryOptions = DEFAULT_GENERATION_RECOVERY_OPTIONS,
  ) {}

  /** True while shards are being recovered. */
  get running(): boolean {
    return this.#running !== undefined;
  }

  /** Times since the start that something lost was recovered. */
  get completed(): number {
    return this.#completed;
  }

  /** Recovers what the store says is lost; resolves when nothing is. Calls that overlap share one run. */
  run(): Promise<void> {
    this.#running ??= runOutsideCall(() => this.#recover()).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  close(): void {
    this.#closed = true;
  }

  async #recover(): Promise<void> {
    while (!this.#closed) {
      try {
        const shards = [...(await this.store.lostShards())];
        if (shards.length === 0) return;
        const generation = await this.#raise(shards);
        await this.appender.appendFence({ shards, generation });
        await this.store.open(shards, generation);
        this.#completed += 1;
      } catch {
        await sleep(this.clock, this.options.retryDelayMs);
      }
    }
  }

  /**
   * Raises the store to a new generation, and makes sure that no younger one was given out before it was raised: another station may have
   * raised the store to that one, the store may have lost this too, and the fence may be on its way to the log still. What
   * is decided under an older generation would be answered OK, and would not count behind that fence.
   */
  async #raise(shards: readonly number[]): Promise<number> {
    let generation = await this.#nextGeneration(shards);
    for (let raises = 0; raises < RAISES_MAX; raises += 1) {
      await this.store.raiseGeneration(shards, generation);
      const next = await this.#nextGeneration(shards);
      if (next === generation + 1) return generation;
      generation = next;
    }
    throw new Error(`generations were given out to others ${RAISES_MAX} times`);
  }

  async #nextGeneration(shards: readonly number[]): Promise<number> {
    const answer = await this.ledger.raiseGeneration({ shards: [...shards] }, { timeoutMs: this.options.timeoutMs });
    return Number(answer.generation);
  }
}

import {
  ActivityPositionError,
  ActivityTally,
  type ActivityBatch,
  type ActivityStore,
  type PaidGift,
} from '@giftmesh/domain-gifts';
import type { Cancel, Clock } from '@giftmesh/kernel-time';
import type { InteractionOptions } from '../options';
import { SHED_FACTOR, type IsShed } from '../features';
import type { DebitMemory } from './debit-memory';

export interface ActivityWriterParts {
  readonly store: ActivityStore;
  readonly clock: Clock;
  readonly debits: DebitMemory;
  readonly options: Pick<InteractionOptions, 'flushMs' | 'scoresPendingMax' | 'feedRetryMs'>;
  readonly isShed?: IsShed | undefined;
  /** Told of the rooms whose scores have just been written. Must not reject. */
  readonly onWritten: (roomIds: readonly bigint[]) => Promise<void>;
  /** Told that someone else has moved the store's positions: what was pending is gone, read on from where the store stands. */
  readonly onConflict: () => void;
}

interface TakenBatch {
  readonly content: ActivityBatch;
  readonly rooms: readonly bigint[];
}

/** How many times as long as the last write took the next one waits, so that large batches form under load; up to a limit. */
const REST_FACTOR = 3;
const REST_MS_MAX = 1_000;

/**
 * Gathers scores and the positions they reach to, and writes both to the store, at most every `flushMs` and one batch at a time. A
 * batch that fails is written again; meanwhile the next one gathers, up to `scoresPendingMax`.
 */
export class ActivityWriter {
  #tally = new ActivityTally();
  #moves = new Map<number, { readonly from: number; to: number }>();
  /** Taken from the above and not yet written. */
  #batch: TakenBatch | undefined;
  #writing: Promise<void> | undefined;
  #cancelFlush: Cancel | undefined;
  #lastTookMs = 0;
  #closed = false;
  /** Ends the pause of whoever waits for room. */
  #endPause: (() => void) | undefined;
  /** Batches that were written, and attempts that failed. */
  written = 0;
  failures = 0;

  constructor(private readonly parts: ActivityWriterParts) {}

  get pending(): number {
    return this.#tally.size;
  }

  get isFull(): boolean {
    return this.#tally.size >= this.parts.options.scoresPendingMax;
  }

  addGift(gift: PaidGift): void {
    this.#tally.add(gift);
  }

  /** Everything before `offset + 1` of the partition is in what was added. */
  reached(partition: number, offset: number): void {
    const move = this.#moves.get(partition);
    if (move === undefined) this.#moves.set(partition, { from: offset, to: offset + 1 });
    else move.to = offset + 1;
    this.#plan();
  }

  /** Writes until nothing waits. Resolves without success when the store fails twice, or the positions were moved by someone else. */
  async flush(): Promise<boolean> {
    const failures = this.failures;
    while (this.#writing !== undefined || this.#batch !== undefined || this.#moves.size > 0) {
      await (this.#writing ?? this.#write());
      if (this.failures > failures + 1) return false;
    }
    return true;
  }

  /** Resolves when there is room for more scores. */
  async room(): Promise<void> {
    while (this.isFull && !this.#closed) {
      const failures = this.failures;
      await (this.#writing ?? this.#write());
      if (this.failures > failures) await this.#pause();
    }
  }

  /** Forgets what was not written. */
  discard(): void {
    this.#tally = new ActivityTally();
    this.#moves.clear();
    this.#batch = undefined;
    this.parts.debits.clear();
  }

  /** Plans no more writes, and keeps nobody waiting for room. */
  stop(): void {
    this.#closed = true;
    this.#cancelFlush?.();
    this.#endPause?.();
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.parts.clock.schedule(this.parts.options.feedRetryMs, resolve);
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
  }

  #plan(delayMs = this.#restMs()): void {
    if (this.#cancelFlush !== undefined || this.#writing !== undefined || this.#closed) return;
    this.#cancelFlush = this.parts.clock.schedule(delayMs, () => {
      this.#cancelFlush = undefined;
      void this.#write();
    });
  }

  #restMs(): number {
    const flushMs = this.parts.options.flushMs * (this.parts.isShed?.('points') === true ? SHED_FACTOR : 1);
    return Math.max(flushMs, Math.min(REST_MS_MAX, this.#lastTookMs * REST_FACTOR));
  }

  #write(): Promise<void> {
    this.#writing ??= this.#writeOne().finally(() => {
      this.#writing = undefined;
      if (this.#batch !== undefined) this.#plan(this.parts.options.feedRetryMs);
      else if (this.#moves.size > 0) this.#plan();
    });
    return this.#writing;
  }

  async #writeOne(): Promise<void> {
    const { store, clock, debits } = this.parts;
    this.#batch ??= this.#take();
    const batch = this.#batch;
    if (batch === undefined) return;
    const startMs = clock.monotonicMs();
    try {
      await store.record(batch.content);
    } catch (error) {
      this.failures += 1;
      if (error instanceof ActivityPositionError) {
        this.discard();
        this.parts.onConflict();
      }
      return;
    }
    this.written += 1;
    this.#lastTookMs = clock.monotonicMs() - startMs;
    if (this.#batch === batch) this.#batch = undefined;
    debits.trim();
    await this.parts.onWritten(batch.rooms);
  }

  #take(): TakenBatch | undefined {
    if (this.#moves.size === 0) return undefined;
    const tally = this.#tally;
    const moves = [...this.#moves].map(([partition, { from, to }]) => ({ partition, from, to }));
    this.#tally = new ActivityTally();
    this.#moves.clear();
    return {
      content: { moves, scores: tally.deltas(), seen: this.parts.debits.takeChanged() },
      rooms: tally.rooms,
    };
  }
}

import type { Cancel, Clock } from '@giftmesh/kernel-time';
import type { Released } from './event-log-commit';
import type { EventLogWriter } from './event-log-writer';

/** The most batches of one step: some milliseconds of the file's write lock. */
export const DROP_BATCHES_MAX = 128;
/** Between steps while there is more to drop, milliseconds. */
export const DROP_STEP_MS = 10;
/** Between steps otherwise, at least, milliseconds. */
export const DROP_PAUSE_MS = 1_000;

/** Drops what is released and old, in small steps, so that no append waits for long. */
export class EventLogRetention {
  readonly #released = new Map<number, number>();
  #cancel: Cancel | undefined;
  #step: Promise<void> | undefined;
  #closed = false;

  /** @param retentionMs how long released records stay. */
  constructor(
    private readonly writer: EventLogWriter,
    private readonly clock: Clock,
    private readonly retentionMs: number,
  ) {}

  release(partition: number, offset: number): void {
    if (offset <= (this.#released.get(partition) ?? 0)) return;
    this.#released.set(partition, offset);
    if (this.#cancel === undefined && this.#step === undefined) this.#plan(DROP_PAUSE_MS);
  }

  /** Resolves when no step is under way, and none will be. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    await this.#step;
  }

  #plan(delayMs: number): void {
    if (this.#closed) return;
    this.#cancel = this.clock.schedule(delayMs, () => {
      this.#cancel = undefined;
      this.#step = this.#drop().finally(() => (this.#step = undefined));
    });
  }

  async #drop(): Promise<void> {
    const released = [...this.#released].map(([partition, offset]): Released => ({ partition, offset }));
    try {
      const nowMs = this.clock.nowMs();
      const { nextAtMs } = await this.writer.drop(released, nowMs - this.retentionMs, DROP_BATCHES_MAX);
      if (nextAtMs === 0) this.#plan(DROP_STEP_MS);
      else if (nextAtMs !== undefined) this.#plan(Math.max(DROP_PAUSE_MS, nextAtMs + this.retentionMs - nowMs));
    } catch {
      // Room is wanted, not needed: the next step tries again.
      this.#plan(DROP_PAUSE_MS);
    }
  }
}

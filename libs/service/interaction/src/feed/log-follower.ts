import {
  LogPositionError,
  type EventLog,
  type LogEntry,
  type LogPosition,
  type LogRecord,
  type Subscription,
} from '@giftmesh/domain-money';
import type { Cancel, Clock } from '@giftmesh/kernel-time';
import type { InteractionOptions } from '../options';

/** A stretch of a partition that can't be read any more, or never was there. */
export interface LostStretch {
  readonly partition: number;
  /** Where reading stopped. */
  readonly from: number;
  /** Where it can go on: where the log begins, or where it ends. */
  readonly to: number;
}

/** Who follows a log, and how. */
export interface LogFollowerParts {
  readonly log: EventLog<LogEntry>;
  readonly clock: Clock;
  readonly options: Pick<InteractionOptions, 'recordsMax' | 'feedRetryMs' | 'feedIntervalMs'>;
  /** As `SubscribeOptions.startAt`. */
  readonly startAt: (partitions: readonly number[]) => Promise<readonly LogPosition[]>;
  /** As `SubscribeOptions.onRecords`. */
  readonly onRecords: (records: readonly LogRecord<LogEntry>[]) => Promise<void>;
  /** Asked to step over a stretch before the log is followed anew. When it rejects, the same stretch is met again. */
  readonly onLost: (stretch: LostStretch) => Promise<void>;
  /** Before the log is followed anew. */
  readonly onRestart?: () => void;
}

/** Follows a log, and begins anew `feedRetryMs` after it could not go on. */
export class LogFollower {
  #subscription: Subscription | undefined;
  #cancelRestart: Cancel | undefined;
  #closed = false;
  /** Times that it began anew. */
  restarts = 0;

  constructor(private readonly parts: LogFollowerParts) {}

  /** Begins where `startAt` says. */
  begin(): void {
    const { log, options, startAt, onRecords } = this.parts;
    this.#subscription = log.subscribe({
      startAt,
      onRecords,
      onHalt: (error) => void this.#onHalt(error),
      recordsMax: options.recordsMax,
      retryDelayMs: options.feedRetryMs,
      deliveryIntervalMs: () => options.feedIntervalMs,
    });
  }

  /** Ends the subscription and begins anew. Does nothing while that is under way. */
  restart(): void {
    if (this.#closed || this.#cancelRestart !== undefined) return;
    this.restarts += 1;
    const ended = this.#subscription?.close() ?? Promise.resolve();
    this.#cancelRestart = this.parts.clock.schedule(this.parts.options.feedRetryMs, () => {
      this.#cancelRestart = undefined;
      void ended.then(() => {
        if (this.#closed) return;
        this.parts.onRestart?.();
        this.begin();
      });
    });
  }

  /** Resolves when no delivery runs any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRestart?.();
    await this.#subscription?.close();
  }

  async #onHalt(error: Error): Promise<void> {
    if (error instanceof LogPositionError) {
      const { position, startOffset, endOffset } = error;
      const to = position.offset < startOffset ? startOffset : endOffset;
      try {
        await this.parts.onLost({ partition: position.partition, from: position.offset, to });
      } catch {
        // The restart meets the same halt and tries again.
      }
    }
    this.restart();
  }
}

import { sleep, type Cancel, type Clock } from '@giftmesh/kernel-time';

/** What a drain does with a server, in this order. */
export interface Drainable {
  /** Says NOT_SERVING from now on, so that balancers send new calls elsewhere. */
  stopServing(): void;
  /** Tells streams to come to their end (health watches, streaming handlers that watch the draining signal). */
  announceDrain(): void;
  /** Ends the streams that did not. */
  endStreams(): void;
  /**
   * Takes no more connections or calls, and resolves when the open calls are done.
   * @param withinMs what is left until `closeNow`, milliseconds.
   */
  closeGracefully(withinMs: number): Promise<void>;
  /** Closes everything now. */
  closeNow(): void;
}

export interface DrainOptions {
  readonly clock: Clock;
  /** From start to end, milliseconds; what is still open then is cut off. Default 10,000. Keep it below the grace period of the platform (Kubernetes: 30 s). */
  readonly limitMs?: number;
  /** How long new calls are still served after NOT_SERVING, until balancers have seen it. Default 0. */
  readonly propagationDelayMs?: number;
  /** How long streams may take to end by themselves once told. Default 1,000. */
  readonly streamGraceMs?: number;
}

/** `graceful`: every call was answered. `forced`: some were cut off at the limit or by `force`. */
export type DrainOutcome = 'graceful' | 'forced';

/**
 * Brings a server to its end once, within a limit: NOT_SERVING → propagation delay → streams told to end → streams
 * ended → graceful close; at the limit everything is closed by force.
 */
export class Drain {
  readonly #target: Drainable;
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #propagationDelayMs: number;
  readonly #streamGraceMs: number;
  #running: Promise<DrainOutcome> | undefined;
  #outcome: DrainOutcome | undefined;
  #stopLimit: Cancel | undefined;
  #settle: (outcome: DrainOutcome) => void = () => undefined;

  /** Throws RangeError for a negative time, or a limit that leaves nothing after the propagation delay. */
  constructor(target: Drainable, options: DrainOptions) {
    this.#target = target;
    this.#clock = options.clock;
    this.#limitMs = options.limitMs ?? 10_000;
    this.#propagationDelayMs = options.propagationDelayMs ?? 0;
    this.#streamGraceMs = options.streamGraceMs ?? 1_000;
    for (const [name, value] of Object.entries({
      limitMs: this.#limitMs,
      propagationDelayMs: this.#propagationDelayMs,
      streamGraceMs: this.#streamGraceMs,
    })) {
      if (!(value >= 0)) throw new RangeError(`${name} must be 0 or more, got ${value}`);
    }
    if (this.#limitMs <= this.#propagationDelayMs) {
      throw new RangeError(
        `limitMs must be above propagationDelayMs, got ${this.#limitMs} and ${this.#propagationDelayMs}`,
      );
    }
  }

  /** Starts the drain; further calls join the first. Never rejects. */
  run(): Promise<DrainOutcome> {
    this.#running ??= new Promise((resolve) => {
      this.#settle = resolve;
      this.#stopLimit = this.#clock.schedule(this.#limitMs, () => this.#end('forced'));
      this.#walk().then(
        () => this.#end('graceful'),
        () => this.#end('forced'),
      );
    });
    return this.#running;
  }

  /** Cuts everything off now, without any of the steps that were not yet taken. */
  force(): Promise<DrainOutcome> {
    if (this.#running === undefined) {
      this.#running = Promise.resolve('forced');
      this.#target.stopServing();
    }
    this.#end('forced');
    return this.#running;
  }

  async #walk(): Promise<void> {
    this.#target.stopServing();
    if (this.#propagationDelayMs > 0) await sleep(this.#clock, this.#propagationDelayMs);
    if (this.#outcome !== undefined) return;
    this.#target.announceDrain();
    const closed = this.#target.closeGracefully(this.#limitMs - this.#propagationDelayMs);
    const stopGrace = this.#clock.schedule(this.#streamGraceMs, () => {
      if (this.#outcome === undefined) this.#target.endStreams();
    });
    try {
      await closed;
    } finally {
      stopGrace();
    }
  }

  #end(outcome: DrainOutcome): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    this.#stopLimit?.();
    // Also after a graceful end: it frees what the graceful close may have left (idle connections, timers).
    this.#target.closeNow();
    this.#settle(outcome);
  }
}

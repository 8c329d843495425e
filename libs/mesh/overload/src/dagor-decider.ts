import { checkRange, type AdmissionDecider, type WaitingOrder, type WindowReading } from './admission-decider';
import { Arrivals } from './arrivals-decider';
import { OverloadDetector, type OverloadDetectorOptions } from './overload-detector-decider';
import { LEVEL_OPEN, type Priority } from './priority';

export interface DagorOptions extends OverloadDetectorOptions {
  /**
   * In what time a queue that is longer or shorter than half of the target is brought there, milliseconds. Default 200, range 10 to
   * 60,000. Shorter follows bursts, longer is calmer.
   */
  readonly horizonMs?: number;
  /** How much a window weighs against the next. Default 0.3, range 0 to 0.9. */
  readonly smoothing?: number;
}

/** The most that a window's admitted calls are brought above or below what can be served, as a share of it. */
const CORRECTION_MAX = 0.5;

/** The most that it is brought above while calls wait for long before they are seen. */
const CROWDED_GROWTH = 0.05;

/** The horizon is at least so many targets long: a queue that may be long takes its time. */
const HORIZON_TARGETS = 2.5;

/** A server that was hardly busy says little about what it could do; it counts as this busy. */
const BUSY_MIN = 0.05;

/**
 * DAGOR (Zhou et al., 'Overload Control for Scaling WeChat Microservices', SoCC 2018): overload is told by how long calls waited,
 * and shedding is by a level in the histogram of their compound priorities, the same for all services.
 *
 * How the level moves is not the paper's. There, it falls by 5 % of the admitted calls in an overloaded second and rises by 1 %
 * in any other; it takes a minute to find the capacity, minutes to open after a spike, and jumps once callers shed early and
 * the histogram above the level is empty. Here, what was served and how busy the server was tell what it can serve, and the
 * level goes where the arrivals of the last windows would have filled that, more or less by what the queue is too short or
 * too long. And calls that are let in get their turn in the order of priority.
 */
export class DagorDecider implements AdmissionDecider {
  readonly name = 'dagor';
  readonly #horizonMs: number;
  readonly #arrivals: Arrivals;
  readonly #detector: OverloadDetector;
  #level: Priority = LEVEL_OPEN;
  #waitingMax = Infinity;
  #windowStartMs: number | undefined;

  /** Throws RangeError for options out of range. */
  constructor(options: DagorOptions = {}) {
    this.#horizonMs = checkRange('horizonMs', options.horizonMs ?? 200, 10, 60_000);
    this.#arrivals = new Arrivals(checkRange('smoothing', options.smoothing ?? 0.3, 0, 0.9));
    this.#detector = new OverloadDetector(options);
  }

  get level(): Priority {
    return this.#level;
  }

  get waitingMax(): number {
    return this.#waitingMax;
  }

  arrives(priority: Priority, nowMs: number): boolean {
    this.#windowStartMs ??= nowMs;
    const admitted = priority <= this.#level;
    this.#arrivals.arrive(priority, admitted);
    return admitted;
  }

  turn(waitedMs: number, _nowMs: number, givenMs: number): boolean {
    const inTime = this.#detector.turn(waitedMs, givenMs);
    // While nobody is shed a long wait is a burst, and most of it is over.
    return inTime || this.#level === LEVEL_OPEN;
  }

  done(): void {
    this.#arrivals.serve();
  }

  emptied(): void {}

  order(): WaitingOrder {
    return 'priority';
  }

  shedElsewhere(business: number, count: number): void {
    this.#arrivals.shedElsewhere(business, count, this.#level);
  }

  window(reading: WindowReading): void {
    const { nowMs, busy } = reading;
    const elapsedMs = nowMs - (this.#windowStartMs ?? nowMs);
    this.#windowStartMs = nowMs;
    if (elapsedMs <= 0) return;
    this.#arrivals.elapsed(elapsedMs, busy);
    const rates = this.#arrivals.rates;
    const overloaded = this.#detector.window(rates.served, elapsedMs, { ...reading, busy: rates.busy });
    if (overloaded || this.#level < LEVEL_OPEN) {
      const capacity = rates.served / Math.max(rates.busy, BUSY_MIN);
      // Who waits in sockets may wait for refusals and whatever else the loop does: shedding more would not help, and letting in much
      // more would not either.
      const excessMs = this.#detector.queueMs - this.#detector.targetMs / 2;
      const growthMax = this.#detector.waitMs > this.#detector.targetMs ? CROWDED_GROWTH : CORRECTION_MAX;
      const horizonMs = Math.max(this.#horizonMs, this.#detector.targetMs * HORIZON_TARGETS);
      const correction = Math.max(-CORRECTION_MAX, Math.min(growthMax, -excessMs / horizonMs));
      // Who serves nobody would learn nothing of what it could serve, and stay closed.
      const isQueueLong = this.#detector.queueMs > this.#detector.targetMs;
      this.#level = this.#arrivals.levelFor(capacity * (1 + correction), !isQueueLong);
    }
    // Whoever would be kept out now and would have to wait for too long need not wait for being told so.
    this.#waitingMax = overloaded
      ? Math.ceil((rates.served / Math.max(rates.busy, BUSY_MIN)) * this.#detector.targetMs)
      : Infinity;
    this.#arrivals.next();
  }
}

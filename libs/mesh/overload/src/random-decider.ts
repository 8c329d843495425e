import type { Random } from '@giftmesh/kernel-random';
import {
  checkRange,
  indifferent,
  type AdmissionDecider,
  type WaitingOrder,
  type WindowReading,
} from './admission-decider';
import { OverloadDetector, type OverloadDetectorOptions } from './overload-detector-decider';
import { LEVEL_OPEN, type Priority } from './priority';

export interface RandomOptions extends OverloadDetectorOptions {
  readonly random: Random;
  /** See `DagorOptions`. */
  readonly alpha?: number;
  /** See `DagorOptions`. */
  readonly beta?: number;
}

/** Sheds a share of all calls, whoever they are: what priorities are compared with. Detects overload as DAGOR does. */
export class RandomDecider implements AdmissionDecider {
  readonly name = 'random';
  readonly level: Priority = LEVEL_OPEN;
  readonly waitingMax = Infinity;
  readonly emptied = indifferent.emptied;
  readonly shedElsewhere = indifferent.shedElsewhere;
  readonly #random: Random;
  readonly #alpha: number;
  readonly #beta: number;
  readonly #detector: OverloadDetector;
  #admittedShare = 1;
  #windowStartMs: number | undefined;
  #arrived = 0;
  #served = 0;

  /** Throws RangeError for options out of range. */
  constructor(options: RandomOptions) {
    this.#random = options.random;
    this.#alpha = checkRange('alpha', options.alpha ?? 0.05, 0, 0.5);
    this.#beta = checkRange('beta', options.beta ?? 0.01, 0, 0.5);
    this.#detector = new OverloadDetector(options);
  }

  arrives(_priority: Priority, nowMs: number): boolean {
    this.#windowStartMs ??= nowMs;
    this.#arrived += 1;
    return this.#admittedShare === 1 || this.#random.next() < this.#admittedShare;
  }

  turn(waitedMs: number, _nowMs: number, givenMs: number): boolean {
    const inTime = this.#detector.turn(waitedMs, givenMs);
    return inTime || this.#admittedShare === 1;
  }

  done(): void {
    this.#served += 1;
  }

  order(): WaitingOrder {
    return 'first-in';
  }

  window(reading: WindowReading): void {
    const { nowMs, busy } = reading;
    const elapsedMs = nowMs - (this.#windowStartMs ?? nowMs);
    this.#windowStartMs = nowMs;
    if (elapsedMs <= 0) return;
    if (this.#detector.window(this.#served / elapsedMs, elapsedMs, reading)) {
      const servedShare = this.#arrived === 0 ? 0 : this.#served / this.#arrived;
      this.#admittedShare = Math.min(this.#admittedShare, servedShare) * (1 - this.#alpha);
    } else if (this.#admittedShare < 1) {
      const room = Math.max(this.#beta, this.#admittedShare * (1 / Math.max(busy, 0.05) - 1) * 0.8);
      this.#admittedShare = Math.min(1, this.#admittedShare + room);
    }
    this.#arrived = 0;
    this.#served = 0;
  }
}

import type { Random } from '@giftmesh/kernel-random';
import type { BackendLoad } from './backend-load-decider';

/** How long the typical latency and load are used before they are worked out anew, milliseconds. */
export const TYPICAL_KEPT_MS = 100;

/** Both of two choices are bad when the cheaper one costs more than so many times the typical cost; then more backends are looked at. */
export const SECOND_LOOK_ABOVE = 3;

/** The most backends that a second look takes in. */
export const LOOKED_AT_MAX = 16;

/** What stands for the latency of all while no backend has answered yet: any would do, since it is the same for all. */
const UNKNOWN_LATENCY_MS = 1;

/**
 * The latency that a backend is thought to have of which nothing is known: the lower median of those known. Not zero, which
 * would send everything to a newcomer; not the mean, which one hanging backend would spoil.
 */
export function neutralLatencyMs(backends: Iterable<{ readonly lastLatencyMs: number | undefined }>): number {
  const known: number[] = [];
  for (const { lastLatencyMs } of backends) if (lastLatencyMs !== undefined) known.push(lastLatencyMs);
  known.sort((a, b) => a - b);
  return known[(known.length - 1) >> 1] ?? UNKNOWN_LATENCY_MS;
}

/** Two different indexes below `count`, each pair as likely; the same twice when there is only one. `count` is at least 1. */
export function twoOf(count: number, random: Random): readonly [number, number] {
  if (count === 1) return [0, 0];
  const first = random.integer(0, count - 1);
  const second = random.integer(0, count - 2);
  return [first, second < first ? second : second + 1];
}

/** What one more call costs on a backend of which nothing special is known. */
interface Typical {
  readonly latencyMs: number;
  readonly cost: number;
  readonly untilMs: number;
}

/**
 * Power of two choices (Mitzenmacher 2001) over peak-EWMA costs: of two backends at random the cheaper one. Nearly as good as the best of
 * all, and callers with the same old news don't all run to the same backend. Of few backends the two may well be the two bad ones (one in
 * three, when two of three are); so when both cost far more than is typical, the best of up to `LOOKED_AT_MAX` is taken.
 */
export class P2cDecider<Backend extends { readonly load: BackendLoad }> {
  readonly #backends: readonly Backend[];
  readonly #random: Random;
  #typical: Typical = { latencyMs: 0, cost: 0, untilMs: -Infinity };

  /** @param backends those to choose from, at least one. Throws RangeError when there are none. */
  constructor(backends: readonly Backend[], random: Random) {
    if (backends.length === 0) throw new RangeError('no backends to choose from');
    this.#backends = backends;
    this.#random = random;
  }

  /** The backends to try, the one to use first. The rest stand behind it for the case that it can't be used. */
  choose(nowMs: number): readonly Backend[] {
    const [first, second] = twoOf(this.#backends.length, this.#random);
    const a = this.#backends[first] as Backend;
    const b = this.#backends[second] as Backend;
    if (first === second) return [a];
    const typical = this.#typicalAt(nowMs);
    const costA = a.load.cost(nowMs, typical.latencyMs);
    const costB = b.load.cost(nowMs, typical.latencyMs);
    const pair = costA <= costB ? [a, b] : [b, a];
    if (Math.min(costA, costB) <= SECOND_LOOK_ABOVE * typical.cost) return pair;
    const best = this.#bestFrom(first, nowMs, typical.latencyMs);
    return pair.includes(best) ? pair : [best, ...pair];
  }

  /** Those that are not among `tried`, the cheapest first. */
  others(tried: readonly Backend[], nowMs: number): readonly Backend[] {
    const { latencyMs } = this.#typicalAt(nowMs);
    return this.#backends
      .filter((backend) => !tried.includes(backend))
      .map((backend) => ({ backend, cost: backend.load.cost(nowMs, latencyMs) }))
      .sort((a, b) => a.cost - b.cost)
      .map(({ backend }) => backend);
  }

  #bestFrom(start: number, nowMs: number, neutralMs: number): Backend {
    let best = this.#backends[start] as Backend;
    let bestCost = Infinity;
    for (let step = 0; step < Math.min(this.#backends.length, LOOKED_AT_MAX); step += 1) {
      const backend = this.#backends[(start + step) % this.#backends.length] as Backend;
      const cost = backend.load.cost(nowMs, neutralMs);
      if (cost >= bestCost) continue;
      best = backend;
      bestCost = cost;
    }
    return best;
  }

  #typicalAt(nowMs: number): Typical {
    if (nowMs < this.#typical.untilMs) return this.#typical;
    const loads = this.#backends.map(({ load }) => load);
    const latencyMs = neutralLatencyMs(loads);
    const inFlight = loads.reduce((sum, load) => sum + load.inFlight(nowMs), 0) / loads.length;
    this.#typical = { latencyMs, cost: latencyMs * (inFlight + 1), untilMs: nowMs + TYPICAL_KEPT_MS };
    return this.#typical;
  }
}

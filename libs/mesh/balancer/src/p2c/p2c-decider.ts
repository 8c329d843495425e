import type { Random } from '@giftmesh/kernel-random';
import type { BackendLoad } from './backend-load-decider';

/** How long a neutral latency is used before it is worked out anew, milliseconds. */
export const NEUTRAL_KEPT_MS = 100;

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

/**
 * Power of two choices (Mitzenmacher 2001) over peak-EWMA costs: of two backends at random the cheaper one. As good as the best
 * of all in balance, and callers with the same old news don't all run to the same backend.
 */
export class P2cDecider<Backend extends { readonly load: BackendLoad }> {
  readonly #backends: readonly Backend[];
  readonly #random: Random;
  #neutralMs = 0;
  #neutralUntilMs = -Infinity;

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
    const neutralMs = this.#neutral(nowMs);
    return a.load.cost(nowMs, neutralMs) <= b.load.cost(nowMs, neutralMs) ? [a, b] : [b, a];
  }

  /** Those that are not among `tried`, the cheapest first. */
  others(tried: readonly Backend[], nowMs: number): readonly Backend[] {
    const neutralMs = this.#neutral(nowMs);
    return this.#backends
      .filter((backend) => !tried.includes(backend))
      .map((backend) => ({ backend, cost: backend.load.cost(nowMs, neutralMs) }))
      .sort((a, b) => a.cost - b.cost)
      .map(({ backend }) => backend);
  }

  #neutral(nowMs: number): number {
    if (nowMs >= this.#neutralUntilMs) {
      this.#neutralMs = neutralLatencyMs(this.#backends.map(({ load }) => load));
      this.#neutralUntilMs = nowMs + NEUTRAL_KEPT_MS;
    }
    return this.#neutralMs;
  }
}

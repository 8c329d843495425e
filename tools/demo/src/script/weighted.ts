import type { Random } from '@giftmesh/kernel-random';

/** Picks values by weights; undefined when there are none. */
export class WeightedPick<T> {
  readonly #values: readonly T[];
  readonly #sums: number[] = [];

  constructor(values: readonly T[], weightOf: (value: T, index: number) => number) {
    this.#values = values;
    let sum = 0;
    values.forEach((value, index) => this.#sums.push((sum += weightOf(value, index))));
  }

  pick(random: Random): T | undefined {
    const at = random.next() * (this.#sums.at(-1) ?? 0);
    let [low, high] = [0, this.#sums.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sums[middle] as number) <= at) low = middle + 1;
      else high = middle;
    }
    return this.#values[low];
  }
}

/** A weight that falls with the place in a ranking, as popularity does (Zipf's law). */
export function zipf(index: number, exponent = 1): number {
  return 1 / (index + 1) ** exponent;
}

/** An exponentially distributed number: gaps between things that don't know of each other. */
export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.next());
}

/** The values in another order, each as likely. */
export function shuffled<T>(random: Random, values: readonly T[]): T[] {
  const result = [...values];
  for (let index = result.length - 1; index > 0; index -= 1) {
    const other = random.integer(0, index);
    [result[index], result[other]] = [result[other] as T, result[index] as T];
  }
  return result;
}

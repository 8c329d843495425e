/** What happened in a run, by name. */
export class Counts {
  readonly #counts = new Map<string, number>();
  readonly #samples = new Map<string, number[]>();

  add(name: string, count = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
  }

  get(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Notes a measured value. */
  sample(name: string, value: number): void {
    const samples = this.#samples.get(name);
    if (samples === undefined) this.#samples.set(name, [value]);
    else samples.push(value);
  }

  /** The value that a part `q` (0 to 1) of the samples does not exceed; 0 without samples. */
  quantile(name: string, q: number): number {
    const sorted = [...(this.#samples.get(name) ?? [])].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
  }

  entries(): [string, number][] {
    return [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

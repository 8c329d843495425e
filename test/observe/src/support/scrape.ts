/** A series of a page of metrics. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads a page of metrics in Prometheus' text format. Throws for a line that is none. */
export function seriesOf(page: string): Series[] {
  return page
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      if (name === undefined) throw new SyntaxError(`no sample: ${line}`);
      const pairs = [...labels.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text]) => [label, text]);
      return { name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) };
    });
}

/** What a mesh exports, gathered over many looks: series that came once stay known. */
export class Exported {
  readonly #series = new Map<string, Series>();

  add(page: string, target: Readonly<Record<string, string>>): void {
    for (const { name, labels, value } of seriesOf(page)) {
      const all = { ...target, ...labels };
      // Sorted, so that a series is the same however its labels stand.
      const key = JSON.stringify([name, Object.entries(all).sort()]);
      this.#series.set(key, { name, labels: all, value });
    }
  }

  /** All series, with their last values. */
  get series(): readonly Series[] {
    return [...this.#series.values()];
  }
}

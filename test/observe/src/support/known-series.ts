import type { Matcher, Query, Selector } from './promql';
import type { Series } from './scrape';

/** Labels that may have values which no short test can bring about; they are compared with all that they can be. */
export type Vocabulary = Readonly<Record<string, readonly string[]>>;

/** What Prometheus itself knows of each target that it scrapes. */
const OF_TARGETS = ['job', 'instance', 'service'];
const MADE_BY_PROMETHEUS: readonly Series[] = [{ name: 'up', labels: {}, value: 1 }];

/** All series that a Prometheus has that scrapes a mesh and records rules; finds queries that would stay empty. */
export class KnownSeries {
  readonly #byName = new Map<string, Series[]>();

  constructor(
    series: readonly Series[],
    private readonly vocabulary: Vocabulary,
  ) {
    for (const each of [...series, ...MADE_BY_PROMETHEUS]) {
      const same = this.#byName.get(each.name);
      if (same === undefined) this.#byName.set(each.name, [each]);
      else same.push(each);
    }
  }

  /** What is wrong with a query; nothing for a good one. */
  problems(query: Query): string[] {
    const problems = query.selectors.flatMap((selector) => this.#problemsOf(selector));
    if (problems.length > 0) return problems;
    for (const { labels, of } of query.groupings) {
      const there = of.labels((metric) => this.labelsOf(metric));
      for (const label of labels) if (!there.has(label)) problems.push(`there is no label ${label} in ${of.text}`);
    }
    return problems;
  }

  /** Labels that series of a metric have, those of their target included. */
  labelsOf(metric: string): readonly string[] {
    const own = (this.#byName.get(metric) ?? []).flatMap(({ labels }) => Object.keys(labels));
    return [...new Set([...own, ...OF_TARGETS])];
  }

  #problemsOf({ metric, matchers }: Selector): string[] {
    const series = this.#byName.get(metric);
    if (series === undefined) return [`no metric ${metric} is exported`];
    const labels = this.labelsOf(metric);
    const unknown = matchers.filter(({ label }) => !labels.includes(label));
    if (unknown.length > 0) return unknown.map(({ label }) => `${metric} has no label ${label}`);
    const problems = matchers.flatMap((matcher) => this.#unknownValues(metric, matcher));
    if (problems.length > 0) return problems;
    const seen = matchers.filter(({ label }) => !this.#isOpen(label) && !(metric === 'up' && label === 'job'));
    if (series.some((each) => seen.every((matcher) => fits(each, matcher)))) return [];
    return [
      `no series of ${metric} has ${seen.map(({ label, op, value }) => `${label}${op}${JSON.stringify(value)}`).join(', ')}`,
    ];
  }

  #isOpen(label: string): boolean {
    return this.vocabulary[label] !== undefined;
  }

  /** Words of a matcher that its label can never have. */
  #unknownValues(metric: string, { label, op, value }: Matcher): string[] {
    const words = this.vocabulary[label];
    if (words === undefined) return [];
    const asked = op === '=' || op === '!=' ? [value] : value.split('|');
    return asked.filter((word) => !words.includes(word)).map((word) => `${metric} never has ${label} ${word}`);
  }
}

function fits({ labels }: Series, { label, op, value }: Matcher): boolean {
  const has = labels[label] ?? '';
  switch (op) {
    case '=':
      return has === value;
    case '!=':
      return has !== value;
    case '=~':
      return new RegExp(`^(?:${value})$`).test(has);
    case '!~':
      return !new RegExp(`^(?:${value})$`).test(has);
  }
}

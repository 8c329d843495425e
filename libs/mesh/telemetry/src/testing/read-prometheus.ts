/** A sample as a scraper reads it. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const COMMENT = new RegExp(`^# (HELP|TYPE|UNIT) (${NAME}) (.*)$`, 's');
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? ([+-]?(?:[0-9.]+(?:e[+-]?[0-9]+)?|Inf)|NaN)$`);

/**
 * Reads Prometheus's text format by its grammar, and throws where a scraper would refuse it: a line that is none, a family that
 * is told twice or without type, a series that is told twice, buckets that do not grow up to their count.
 */
export function readPrometheus(text: string): { types: Map<string, string>; samples: Sample[] } {
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  const seen = new Set<string>();
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no end');
  for (const line of text.split('\n').slice(0, -1)) {
    if (line === '# EOF') continue;
    const comment = COMMENT.exec(line);
    if (comment !== null) {
      const [, kind, name = '', rest = ''] = comment;
      if (kind !== 'TYPE') continue;
      if (types.has(name) || !/^(counter|gauge|histogram)$/.test(rest)) throw new Error(`bad type: ${line}`);
      types.set(name, rest);
      continue;
    }
    const sample = SAMPLE.exec(line);
    if (sample === null) throw new Error(`not a sample: ${line}`);
    const [, name = '', labelText = '', number = ''] = sample;
    const key = `${name}{${labelText}}`;
    if (seen.has(key)) throw new Error(`told twice: ${key}`);
    seen.add(key);
    const family = name.replace(/_(?:bucket|sum|count|total)$/, '');
    if (!types.has(name) && !types.has(family)) throw new Error(`without type: ${name}`);
    const value = number.endsWith('Inf') ? (number.startsWith('-') ? -Infinity : Infinity) : Number(number);
    samples.push({ name, labels: readLabels(labelText), value });
  }
  checkBuckets(samples);
  return { types, samples };
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(/([a-zA-Z0-9_]+)="((?:[^"\\]|\\.)*)"/gs)) {
    labels[name] = value.replace(/\\(.)/g, (_all, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}

function checkBuckets(samples: readonly Sample[]): void {
  const last = new Map<string, number>();
  for (const { name, labels, value } of samples) {
    const { le, ...others } = labels;
    const series = (suffix: string): string => name.replace(suffix, '') + JSON.stringify(others);
    if (name.endsWith('_bucket') && le !== undefined) {
      if (value < (last.get(series('_bucket')) ?? 0)) throw new Error(`buckets must grow: ${name} ${le}`);
      last.set(series('_bucket'), value);
    }
    if (name.endsWith('_count') && last.get(series('_count')) !== value) throw new Error(`not the count: ${name}`);
  }
}

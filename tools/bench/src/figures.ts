/** What a figure should be. */
export interface Aim {
  readonly kind: 'at_least' | 'at_most';
  readonly value: number;
}

/** One measured number. */
export interface Figure {
  /** Dotted, from the general to the particular: `send_gift.light.per_second`. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** In words (`>= 0.75`), null when the figure is only told. */
  readonly aim: string | null;
  /** Whether the aim is met, null without one. */
  readonly reached: boolean | null;
}

/** At least this much. */
export const atLeast = (value: number): Aim => ({ kind: 'at_least', value });
/** At most this much. */
export const atMost = (value: number): Aim => ({ kind: 'at_most', value });

/** Makes a figure; the value keeps four significant digits, the aim is judged before. */
export function figure(name: string, value: number, unit: string, aim?: Aim): Figure {
  const rounded = Number(value.toPrecision(4));
  if (aim === undefined) return { name, value: rounded, unit, aim: null, reached: null };
  const reached = aim.kind === 'at_least' ? value >= aim.value : value <= aim.value;
  return { name, value: rounded, unit, aim: `${aim.kind === 'at_least' ? '>=' : '<='} ${aim.value}`, reached };
}

/** The middle of a list, the mean of the two in the middle where their number is even. Throws RangeError for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  if (low === undefined || high === undefined) throw new RangeError('the median of nothing');
  return (low + high) / 2;
}

/** The value below which this share of a list lies, by the nearest rank. Throws RangeError for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
  if (value === undefined) throw new RangeError('a quantile of nothing');
  return value;
}

import type { Chart } from './charts/chart';
import type { Environment } from './environment';
import type { Figure } from './figures';

/** What a suite found. */
export interface SuiteResult {
  readonly figures: readonly Figure[];
  /** What a reader must know to judge the figures. */
  readonly notes: readonly string[];
  /** What must not be, whatever the machine: money that is missing. The run has failed then. Default none. */
  readonly broken?: readonly string[];
  /** Pictures of what was found; not part of what is printed. */
  readonly charts?: readonly Chart[];
}

/** What a run prints with --json, as one object. */
export interface BenchReport extends Omit<SuiteResult, 'charts' | 'broken'> {
  readonly suite: string;
  readonly seed: number;
  readonly environment: Environment;
}

/** A report for people. */
export function reportTable({ suite, seed, environment, figures, notes }: BenchReport): string {
  const rows = figures.map(({ name, value, unit, aim, reached }) => [
    name,
    value.toLocaleString('en-US', { maximumFractionDigits: 3 }),
    unit,
    aim ?? '',
    reached === null ? '' : reached ? 'reached' : 'missed',
  ]);
  const header = ['figure', 'value', 'unit', 'aim', ''];
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  const { cpu, cpus, memoryGb, node, os, fsyncMs } = environment;
  return [
    `suite ${suite}, seed ${seed}`,
    `${cpus} x ${cpu}, ${memoryGb} GB, ${os}, Node ${node}, fsync ${fsyncMs} ms`,
    '',
    line(header),
    line(widths.map((width) => '-'.repeat(width))),
    ...rows.map(line),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []),
  ].join('\n');
}

import { cpus, totalmem } from 'node:os';
import type { Counts } from '../counts';
import { FAULT_KINDS } from './fault-plan';

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly aim: number | null;
  readonly reached: boolean | null;
}

/** A campaign as one object, as all suites report. */
export interface ChaosReport {
  readonly suite: 'chaos';
  readonly seed: number;
  readonly environment: Readonly<Record<string, string | number>>;
  readonly figures: readonly Figure[];
  /** How often each kind of fault happened, those that never did included. */
  readonly faults: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
}

export interface Campaign {
  readonly firstSeed: number;
  readonly elapsedMs: number;
  readonly counts: Counts;
  readonly problems: readonly string[];
}

/** Makes the report of a campaign. */
export function chaosReportOf({ firstSeed, elapsedMs, counts, problems }: Campaign): ChaosReport {
  const figure = (name: string, value: number, unit = 'count', aim: number | null = null): Figure => ({
    name,
    value,
    unit,
    aim,
    reached: aim === null ? null : value === aim,
  });
  const count = (name: string): Figure => figure(name, counts.get(name));
  return {
    suite: 'chaos',
    seed: firstSeed,
    environment: {
      node: process.version,
      platform: process.platform,
      cpus: cpus().length,
      cpu: cpus()[0]?.model ?? 'unknown',
      memoryMb: Math.round(totalmem() / 2 ** 20),
    },
    figures: [
      figure('broken invariants', problems.length, 'count', 0),
      figure('ledger audit differences', counts.get('audit differences'), 'count', 0),
      ...['seeds', 'epochs', 'faults', 'gifts', 'gifts applied', 'answers', 'repeated answers', 'unknown answers'].map(
        count,
      ),
      ...['recharges', 'reversals', 'records compared'].map(count),
      figure('time', Math.round(elapsedMs / 1_000), 's'),
    ],
    faults: Object.fromEntries(FAULT_KINDS.map((kind) => [kind, counts.get(kind)])),
    notes: [
      'A seed decides the load and the faults, not how the processes’ work interleaves with them: a failure may need several runs to show again.',
      'Not among the faults yet: links that are cut between processes, promoted replicas, jumping clocks, poison.',
      ...counts.entries().flatMap(([name, value]) => (name.startsWith('unknown:') ? [`${name}: ${value}`] : [])),
      ...problems,
    ],
  };
}

/** The report for people. */
export function chaosTextOf({ figures, faults, notes }: ChaosReport): string {
  const line = (name: string, value: number, rest: string): string =>
    `  ${name.padEnd(34)} ${String(value).padStart(9)} ${rest}`;
  return [
    ...figures.map(({ name, value, unit, aim, reached }) =>
      line(name, value, aim === null ? unit : `${unit}   aim ${aim}: ${reached === true ? 'reached' : 'NOT REACHED'}`),
    ),
    '',
    ...Object.entries(faults).map(([kind, times]) => line(kind, times, 'times')),
    '',
    ...notes.map((note) => `- ${note}`),
  ].join('\n');
}

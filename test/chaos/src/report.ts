import { cpus, totalmem } from 'node:os';
import type { KillTestReport } from './kill-test';

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly aim: number | null;
  readonly reached: boolean | null;
}

/** The run as one object, as all suites report. */
export interface SuiteReport {
  readonly suite: 'kill';
  readonly seed: number;
  readonly environment: Readonly<Record<string, string | number>>;
  readonly figures: readonly Figure[];
  readonly notes: readonly string[];
}

/** The longest that a restart may take until it serves, milliseconds. */
const READY_AIM_MS = 2_000;

/** Makes the report of a run. @param kills How many were asked for. */
export function reportOf(
  seed: number,
  kills: number,
  elapsedMs: number,
  { problems, counts, dataFolder }: KillTestReport,
): SuiteReport {
  const figure = (name: string, value: number, unit: string): Figure => ({
    name,
    value,
    unit,
    aim: null,
    reached: null,
  });
  const exactly = (name: string, value: number, unit: string, aim: number): Figure => ({
    name,
    value,
    unit,
    aim,
    reached: value === aim,
  });
  const readyMs = Math.round(counts.quantile('ready ms', 0.99));
  const count = (name: string): Figure => figure(name, counts.get(name), 'count');
  return {
    suite: 'kill',
    seed,
    environment: {
      node: process.version,
      platform: process.platform,
      arch: process.arch,
      cpus: cpus().length,
      cpu: cpus()[0]?.model ?? 'unknown',
      memoryMb: Math.round(totalmem() / 2 ** 20),
    },
    figures: [
      exactly('kills', counts.get('kills'), 'count', kills),
      exactly('broken invariants', problems.length, 'count', 0),
      exactly('ledger audit differences', counts.get('audit differences'), 'count', 0),
      {
        name: 'ready after a start, p99',
        value: readyMs,
        unit: 'ms',
        aim: READY_AIM_MS,
        reached: readyMs <= READY_AIM_MS,
      },
      figure('ready after a start, median', Math.round(counts.quantile('ready ms', 0.5)), 'ms'),
      count('drains'),
      figure('drain under load, longest', Math.round(counts.quantile('drain ms', 1)), 'ms'),
      count('gifts'),
      count('gifts applied'),
      count('answers'),
      count('repeated answers'),
      count('unknown answers'),
      count('recharges'),
      count('reversals'),
      count('records compared'),
      count('watch messages'),
      count('watch resyncs'),
      figure('time', Math.round(elapsedMs / 1_000), 's'),
    ],
    notes: [
      'The seed decides the load and when the process is killed, not how its threads interleave: a failure may need several runs to show again.',
      ...counts
        .entries()
        .flatMap(([name, value]) => (/^(lives|calls|unknown:)/.test(name) ? [`${name}: ${value}`] : [])),
      ...problems,
      ...(problems.length > 0 ? [`data kept in ${dataFolder}`] : []),
    ],
  };
}

/** The report for people. */
export function textOf({ figures, notes }: SuiteReport): string {
  const lines = figures.map(({ name, value, unit, aim, reached }) => {
    const aimed = aim === null ? '' : `   aim ${aim}: ${reached === true ? 'reached' : 'NOT REACHED'}`;
    return `  ${name.padEnd(28)} ${String(value).padStart(9)} ${unit}${aimed}`;
  });
  return [...lines, '', ...notes.map((note) => `- ${note}`)].join('\n');
}

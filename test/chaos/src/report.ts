import type { KillTestReport } from './kill-test';
import { atMost, environment, exactly, figure, type Figure, type SuiteReport } from './suite-report';

/** The longest that a restart may take until it serves, milliseconds. */
const READY_AIM_MS = 2_000;

/** Makes the report of a run. @param kills How many were asked for. */
export function reportOf(
  seed: number,
  kills: number,
  elapsedMs: number,
  { problems, counts, dataFolder }: KillTestReport,
): SuiteReport {
  const count = (name: string): Figure => figure(name, counts.get(name));
  return {
    suite: 'kill',
    seed,
    environment: environment(),
    figures: [
      exactly(kills, 'kills', counts.get('kills')),
      exactly(0, 'broken invariants', problems.length),
      exactly(0, 'ledger audit differences', counts.get('audit differences')),
      atMost(READY_AIM_MS, 'ready after a start, p99', Math.round(counts.quantile('ready ms', 0.99)), 'ms'),
      figure('ready after a start, median', Math.round(counts.quantile('ready ms', 0.5)), 'ms'),
      count('drains'),
      figure('drain under load, longest', Math.round(counts.quantile('drain ms', 1)), 'ms'),
      ...['gifts', 'gifts applied', 'answers', 'repeated answers', 'unknown answers', 'recharges'].map(count),
      ...['reversals', 'records compared', 'watch messages', 'watch resyncs'].map(count),
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

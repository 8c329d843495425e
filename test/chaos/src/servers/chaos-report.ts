import type { Counts } from '../counts';
import { environment, exactly, figure, type Figure, type SuiteReport } from '../suite-report';
import { FAULT_KINDS } from './fault';

/** What came of seeds that were run one after another. */
export interface ChaosOutcome {
  readonly firstSeed: number;
  readonly elapsedMs: number;
  readonly counts: Counts;
  readonly problems: readonly string[];
}

/** Makes the report of a campaign. */
export function chaosReportOf({ firstSeed, elapsedMs, counts, problems }: ChaosOutcome): SuiteReport {
  const count = (name: string): Figure => figure(name, counts.get(name));
  return {
    suite: 'chaos',
    seed: firstSeed,
    environment: environment(),
    figures: [
      exactly(0, 'broken invariants', problems.length),
      exactly(0, 'ledger audit differences', counts.get('audit differences')),
      ...['seeds', 'seeds on a single Redis', 'seeds on a Redis Cluster', 'epochs', 'faults'].map(count),
      ...['gifts', 'gifts applied', 'answers', 'repeated answers', 'unknown answers'].map(count),
      ...['refused by a clock that was off', 'recharges', 'reversals', 'records compared'].map(count),
      figure('time', Math.round(elapsedMs / 1_000), 's'),
    ],
    faults: Object.fromEntries(FAULT_KINDS.map((kind) => [kind, counts.get(kind)])),
    notes: [
      'A seed decides the load and the faults, not how the processes’ work interleaves with them: a failure may need several runs to show again.',
      ...counts.entries().flatMap(([name, value]) => (name.startsWith('unknown:') ? [`${name}: ${value}`] : [])),
      ...problems,
    ],
  };
}

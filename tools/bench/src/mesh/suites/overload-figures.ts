import { atLeast, atMost, figure, type Figure } from '../../figures';
import { okShare } from '../load/measured';
import { TOP_CLASS } from './call-classes';
import type { OverloadResult, OverloadResults } from './overload-measure';

const GOODPUT_AIMS: ReadonlyMap<number, number> = new Map([
  [2, 0.9],
  [10, 0.8],
]);
const BELOW_CAPACITY = 0.9;
const BELOW_CAPACITY_AIM = 0.99;
const RECOVERY_AIM_MS = 500;
const TOP_AIM = 0.994;

/** Goodput of a load as a share of the capacity. */
export function goodput({ capacity }: OverloadResult, { phase }: OverloadResult['loads'][number]): number {
  return phase.all.ok / phase.seconds / capacity;
}

/** The figures of the overload suite. */
export function overloadFigures({ results, capacitiesAfter }: OverloadResults): Figure[] {
  const capacities = new Map(results.map(({ work, capacity }) => [work.name, capacity]));
  return [
    ...[...capacities].flatMap(([name, capacity]) => [
      figure(`overload.${name}.capacity`, capacity, '1/s'),
      figure(`overload.${name}.capacity_afterwards`, (capacitiesAfter.get(name) ?? NaN) / capacity, 'of capacity'),
    ]),
    ...results.flatMap(variantFigures),
  ];
}

function variantFigures(result: OverloadResult): Figure[] {
  const { work, variant, loads } = result;
  const name = `overload.${work.name}.${variant.name}`;
  const ours = <T>(aim: T): T | undefined => (variant.isOurs ? aim : undefined);
  const overloads = loads.filter(({ load }) => load > 1);
  return [
    ...loads.flatMap((at) => {
      const aim = GOODPUT_AIMS.get(at.load);
      return [
        figure(
          `${name}.${at.load}x.goodput`,
          goodput(result, at),
          'of capacity',
          aim === undefined ? undefined : ours(atLeast(aim)),
        ),
        figure(`${name}.${at.load}x.p99`, at.phase.all.latency.p99Ms, 'ms'),
      ];
    }),
    ...loads
      .filter(({ load }) => load === BELOW_CAPACITY)
      .map(({ load, phase }) =>
        figure(`${name}.${load}x.success`, okShare(phase.all), 'of offered', ours(atLeast(BELOW_CAPACITY_AIM))),
      ),
    figure(`${name}.recovery`, result.recoveryMs, 'ms', ours(atMost(RECOVERY_AIM_MS))),
    figure(
      `${name}.top_priority`,
      // Over all overloads together: at the lowest, too few are sent for a share of its own.
      okShare(
        overloads
          .map(({ phase }) => phase.classes[TOP_CLASS])
          .reduce((sum, calls) => ({ ok: sum.ok + (calls?.ok ?? 0), sent: sum.sent + (calls?.sent ?? 0) }), {
            ok: 0,
            sent: 0,
          }),
      ),
      'of offered',
      ours(atLeast(TOP_AIM)),
    ),
  ];
}

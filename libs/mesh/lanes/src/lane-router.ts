import { currentCall, noDecisions, type Call, type OnDecision, type PolicyState } from '@giftmesh/mesh-context';
import { checkLanes, routeLane } from './lane-router-decider';
import { BASE_LANE, laneOf } from './marks';

/** The instances of a lane, behind whatever calls them: a transport, a client, an address. */
export interface LaneTarget<T> {
  readonly target: T;
  /** True while one of them can be called. Default always. */
  readonly healthy?: () => boolean;
}

export interface LaneRouterOptions<T> {
  /** By lane; `base` must be there, at most 256 in all. */
  readonly targets: Readonly<Record<string, LaneTarget<T>>>;
  /** `fallback`: a marked call went to the base lane. Default: nobody is told. */
  readonly onDecision?: OnDecision;
}

/** Picks who gets a call, by its lane. */
export interface LaneRouter<T> {
  /** The target of a call's lane, or of the base lane where its own has none that is healthy. Default the running call. */
  pick(call?: Call): T;
  /** Replaces the targets. Throws as `laneRouter` does, and then keeps the old ones. */
  configure(options: Pick<LaneRouterOptions<T>, 'targets'>): void;
  state(): PolicyState;
}

/** Throws TypeError without a base lane or for names that are none, RangeError for too many. */
export function laneRouter<T>({ targets, onDecision = noDecisions }: LaneRouterOptions<T>): LaneRouter<T> {
  let lanes = checked(targets);
  let fallbacks = 0;
  const hasHealthy = (lane: string): boolean => {
    const target = lanes.get(lane);
    return target !== undefined && target.healthy?.() !== false;
  };
  return {
    pick: (call = currentCall()) => {
      const route = routeLane(laneOf(call), hasHealthy);
      if (route.kind === 'fallback') {
        fallbacks += 1;
        if (call !== undefined) onDecision('lane-router', 'fallback', call);
      }
      return (lanes.get(route.lane) as LaneTarget<T>).target;
    },
    configure: (options) => {
      lanes = checked(options.targets);
    },
    state: () => ({
      lanes: lanes.size,
      healthy: [...lanes.keys()].filter(hasHealthy).length,
      baseHealthy: hasHealthy(BASE_LANE),
      fallbacks,
    }),
  };
}

function checked<T>(targets: Readonly<Record<string, LaneTarget<T>>>): ReadonlyMap<string, LaneTarget<T>> {
  const lanes = new Map(Object.entries(targets));
  checkLanes(lanes.keys());
  return lanes;
}

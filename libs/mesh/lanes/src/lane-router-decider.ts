import { BASE_LANE, isLaneName } from './marks';

/** Where a call of a lane goes. */
export interface LaneRoute {
  /** The lane whose instances get it. */
  readonly lane: string;
  /** `lane`: its own. `fallback`: the base lane's, since its own has none that are healthy. */
  readonly kind: 'lane' | 'fallback';
}

/** Tells whether a lane has a healthy instance now. */
export type LaneHealth = (lane: string) => boolean;

/**
 * A marked call stays in its lane, and falls back to the base lane while its own has no healthy instance: a lane then needs
 * only the services that differ in it. A call of the base lane never leaves it, whoever is healthy: what is tried out in a lane
 * must not get the traffic of all.
 */
export function routeLane(lane: string, hasHealthy: LaneHealth): LaneRoute {
  if (lane === BASE_LANE || !hasHealthy(lane))
    return { lane: BASE_LANE, kind: lane === BASE_LANE ? 'lane' : 'fallback' };
  return { lane, kind: 'lane' };
}

/** The most lanes that a router knows. */
export const LANES_MAX = 256;

/** Throws TypeError without a base lane or for a name that is none, RangeError for too many lanes. */
export function checkLanes(lanes: Iterable<string>): void {
  const names = [...lanes];
  const bad = names.find((name) => !isLaneName(name));
  if (bad !== undefined) throw new TypeError(`not a lane's name: ${JSON.stringify(bad)}`);
  if (!names.includes(BASE_LANE)) throw new TypeError(`there must be a lane ${BASE_LANE}, got ${names.join(', ')}`);
  if (names.length > LANES_MAX) throw new RangeError(`there may be ${LANES_MAX} lanes, got ${names.length}`);
}

/** Activity points for each coin that a viewer pays in a room. */
export const POINTS_PER_COIN = 1n;

/** Activity points for entering a room, once a UTC day. */
export const POINTS_FOR_ENTERING = 10n;

const DAY_MS = 86_400_000;

/** The number of a UTC day: days since 1970-01-01. */
export function utcDayOf(unixMs: number): number {
  return Math.floor(unixMs / DAY_MS);
}

/** What a bound is worked out from. */
export interface BoundedLoad {
  /** Calls in flight on all backends. */
  readonly totalInFlight: number;
  /** The backend's weight, and the sum of all weights. */
  readonly weight: number;
  readonly totalWeight: number;
  /** How much above the mean a backend may be: 0.25 is a quarter. */
  readonly epsilon: number;
  /** A backend below this many takes its keys whatever the others have in hand. */
  readonly inFlightFree: number;
}

/**
 * The most calls that a backend may have in flight, the next one included: ⌈(1 + ε) · (total + 1) · its share of the weights⌉, but at
 * least `inFlightFree`: with few calls in all, the bound alone would be 1 and send a key elsewhere as soon as it is asked for twice
 * at a time. Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2016). Some backend is always below its
 * bound, since the bounds sum up to more than the calls.
 */
export function inFlightMax({ totalInFlight, weight, totalWeight, epsilon, inFlightFree }: BoundedLoad): number {
  return Math.max(inFlightFree, Math.ceil((1 + epsilon) * (totalInFlight + 1) * (weight / totalWeight)));
}

import { changed, integerWithin, within } from '@giftmesh/kernel-errors';

/** Calls of a priority that are throttled later, or sooner, than others. */
export interface PriorityClass {
  /** Applies to declared priorities up to this one (smaller is more important), if no class before it does. An integer above 0. */
  readonly priorityMax: number;
  /** In place of the general `acceptsMultiplier`. */
  readonly acceptsMultiplier: number;
}

/** How a throttle follows what its target accepts. */
export interface AdaptiveThrottleSettings {
  /**
   * K: calls that go out for each one that was accepted, before any is refused. 2 means that the target still refuses about as many as
   * it accepts, and so shows soon that it can take more; 1.1 saves it that work and trusts it less. Default 2; range 1 to 100.
   */
  readonly acceptsMultiplier: number;
  /** How far back results count. Default 10,000 (the book has 120,000); range 100 to 3,600,000. */
  readonly windowMs: number;
  /** Pieces in which the window moves on. Default 20; range 1 to 1,000. */
  readonly buckets: number;
  /**
   * The share let out is ((K × accepts + 1) / (requests + 1)) to this power. 1 is the book's formula. Default 2, so that what reaches the
   * target grows with the cube root of what is wanted instead of its square root; range 1 to 5.
   */
  readonly aggression: number;
  /** Count refusals of its own as requests, as the book has it. Default false; README says why. */
  readonly countOwnRefusals: boolean;
  /** Default none: all calls alike. At most 20, `priorityMax` rising. Calls without a declared priority are in no class. */
  readonly priorityClasses: readonly PriorityClass[];
}

/** 2 calls for each accepted one, over 10 s. */
export const DEFAULT_ADAPTIVE_THROTTLE: AdaptiveThrottleSettings = {
  acceptsMultiplier: 2,
  windowMs: 10_000,
  buckets: 20,
  aggression: 2,
  countOwnRefusals: false,
  priorityClasses: [],
};

/** `base` with changes. Throws RangeError for a value out of its range and TypeError for an unknown name, with name and value. */
export function adaptiveThrottleSettings(
  changes: Partial<AdaptiveThrottleSettings>,
  base: AdaptiveThrottleSettings = DEFAULT_ADAPTIVE_THROTTLE,
): AdaptiveThrottleSettings {
  const settings = changed(base, changes);
  within('acceptsMultiplier', settings.acceptsMultiplier, 1, 100);
  within('windowMs', settings.windowMs, 100, 3_600_000);
  integerWithin('buckets', settings.buckets, 1, 1_000);
  within('aggression', settings.aggression, 1, 5);
  if (typeof settings.countOwnRefusals !== 'boolean') {
    throw new TypeError(`countOwnRefusals must be true or false, got ${String(settings.countOwnRefusals)}`);
  }
  return { ...settings, priorityClasses: validClasses(settings.priorityClasses) };
}

function validClasses(classes: readonly PriorityClass[]): readonly PriorityClass[] {
  if (!Array.isArray(classes) || classes.length > 20) {
    throw new RangeError(`priorityClasses must be at most 20, got ${JSON.stringify(classes)}`);
  }
  let last = 0;
  return (classes as readonly PriorityClass[]).map(({ priorityMax, acceptsMultiplier }) => {
    integerWithin('priorityClasses: priorityMax', priorityMax, last + 1, 2 ** 31 - 1);
    within('priorityClasses: acceptsMultiplier', acceptsMultiplier, 1, 100);
    last = priorityMax;
    return { priorityMax, acceptsMultiplier };
  });
}

/**
 * What can be shed when the process has too much to do, long before a gift is: rankings are shown as they were a while ago and their
 * changes not announced, points and rankings are written less often, rooms are shown less often. None of it touches a balance.
 */
export const INTERACTION_FEATURES = ['rankings', 'points', 'push'] as const;
export type InteractionFeature = (typeof INTERACTION_FEATURES)[number];

/** Whether a feature is shed now. Asked often; must not throw. */
export type IsShed = (feature: InteractionFeature) => boolean;

/** How many times as rarely a feature that is shed does its work. */
export const SHED_FACTOR = 10;

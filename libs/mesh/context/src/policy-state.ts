import type { Call } from './call';

/** A policy's state as plain numbers and words, for a report that people or programs read. */
export type PolicyState = Readonly<Record<string, string | number | boolean>>;

/**
 * Told of each thing that a policy decided, other than to let a call pass as it is: `retry`, `shed`, `opened`. For counters:
 * it is on the hot path and must not throw.
 * @param policy the policy's name.
 * @param decision a word from a small set that the policy documents.
 */
export type OnDecision = (policy: string, decision: string, call: Decided) => void;

/** What a decision was about: a call, or one of which only the metadata is there. */
export type Decided = Pick<Call, 'method' | 'policy'>;

/** Listens to nothing. */
export const noDecisions: OnDecision = () => undefined;

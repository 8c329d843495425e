import type { AssetEvent } from './event';

/** How an event was decided. Both are final: an applied event stays applied, a refused one never takes effect. */
export type DecisionOutcome = 'applied' | 'insufficient_balance';

/** An event that the station has decided. It is final, and may be told to callers, once it is durable in the log. */
export interface DecidedEvent {
  readonly event: AssetEvent;
  readonly outcome: DecisionOutcome;
  /** The op user's balance after it: part of the answer, kept so that a repeated call gets the same one. */
  readonly opUserBalance: bigint;
  /** Which debit of the account it is, from 1; 0 for a refusal. */
  readonly seq: number;
  /** The shard's generation when it was decided. */
  readonly generation: number;
  /** Hash of the event's content: see `fingerprintOf`. */
  readonly fingerprint: bigint;
  /** Unix milliseconds. */
  readonly decidedAtMs: number;
}

/** What is kept of a decision to answer the same event again. */
export interface Marker {
  readonly eventId: string;
  readonly outcome: DecisionOutcome;
  readonly opUserBalance: bigint;
  readonly fingerprint: bigint;
}

/** From its place in a partition on, decisions of older generations of these shards do not count. */
export interface Fence {
  readonly shards: readonly number[];
  readonly generation: number;
}

/** What stands in the log of money. */
export type LogEntry =
  { readonly kind: 'event'; readonly decided: DecidedEvent } | { readonly kind: 'fence'; readonly fence: Fence };

/** What is kept of a decision. */
export function markerOf(decided: DecidedEvent): Marker {
  return {
    eventId: decided.event.eventId,
    outcome: decided.outcome,
    opUserBalance: decided.opUserBalance,
    fingerprint: decided.fingerprint,
  };
}

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

/**
 * What travels with an entry of the log, from who wrote it to those who watch, by name. Opaque here: no decision, record or
 * fingerprint depends on it, and it may get lost.
 */
export type Carrier = Readonly<Record<string, string>>;

/** What stands in the log of money. */
export type LogEntry =
  | { readonly kind: 'event'; readonly decided: DecidedEvent; readonly carrier?: Carrier }
  | { readonly kind: 'fence'; readonly fence: Fence };

/** What is kept of a decision. */
export function markerOf(decided: DecidedEvent): Marker {
  return {
    eventId: decided.event.eventId,
    outcome: decided.outcome,
    opUserBalance: decided.opUserBalance,
    fingerprint: decided.fingerprint,
  };
}

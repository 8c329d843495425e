import { common } from '@giftmesh/contract';

const { EventOutcome } = common;

/** What became of an event; `duplicate` for one that was decided before, and got its first answer. */
export const OUTCOMES = [
  'applied',
  'duplicate',
  'insufficient_balance',
  'event_id_reused',
  'event_id_expired',
  'invalid',
  'unknown',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

const NAMES: Readonly<Record<common.EventOutcome, Outcome>> = {
  [EventOutcome.UNSPECIFIED]: 'unknown',
  [EventOutcome.APPLIED]: 'applied',
  [EventOutcome.INSUFFICIENT_BALANCE]: 'insufficient_balance',
  [EventOutcome.EVENT_ID_REUSED]: 'event_id_reused',
  [EventOutcome.EVENT_ID_EXPIRED]: 'event_id_expired',
  [EventOutcome.INVALID]: 'invalid',
  [EventOutcome.UNKNOWN]: 'unknown',
};

/** Counts results by what became of their events. */
export class OutcomeCounts {
  readonly #counts = new Map<Outcome, number>();

  add(results: readonly Pick<common.EventResult, 'outcome' | 'duplicate'>[]): void {
    for (const { outcome, duplicate } of results) {
      const isRepeated = duplicate && outcome !== EventOutcome.EVENT_ID_REUSED;
      const name = isRepeated ? 'duplicate' : NAMES[outcome];
      this.#counts.set(name, this.of(name) + 1);
    }
  }

  of(outcome: Outcome): number {
    return this.#counts.get(outcome) ?? 0;
  }
}

import type { DecidedEvent, DecisionOutcome, EventKey, Marker } from '@giftmesh/domain-money';
import { eventFromText, eventToText } from './event-text';

/** A decision as the outbox has it. */
export interface PendingDecision {
  readonly decided: DecidedEvent;
  /** Which decision of the user it was. */
  readonly order: number;
}

const OUTCOME_LETTERS: Readonly<Record<DecisionOutcome, string>> = { applied: 'a', insufficient_balance: 'r' };
/** Numbers before the event. */
const PENDING_PARTS = 5;

/** A fingerprint as the store has it: 16 hexadecimal digits. */
export const fingerprintText = (fingerprint: bigint): string => fingerprint.toString(16).padStart(16, '0');

/** The text of a decision that is on record in the ledger; the settle script makes the same of one that was in the outbox. */
export function settledText({ outcome, opUserBalance, fingerprint }: Marker): string {
  return `${OUTCOME_LETTERS[outcome]}${opUserBalance};${fingerprintText(fingerprint)}`;
}

/** Reads the decision of a settled event. Throws for a text that is none. */
export function settledMarker(text: string, { eventId }: Pick<EventKey, 'eventId'>): Marker {
  const [balance = '', fingerprint, ...more] = text.split(';');
  if (fingerprint === undefined || more.length > 0)
    throw new Error(`event ${eventId} is stored as ${text.slice(0, 100)}`);
  return {
    eventId,
    outcome: outcomeOf(text),
    opUserBalance: BigInt(balance.slice(1)),
    fingerprint: BigInt(`0x${fingerprint}`),
  };
}

/** What the caller of a debit knows of a decision in the outbox before it is made: all that the scripts need not read. */
export function keptText({
  fingerprint,
  nowMs,
  event,
}: Pick<PendingTextParts, 'fingerprint' | 'nowMs' | 'event'>): string {
  return `${fingerprintText(fingerprint)};${nowMs};${eventToText(event)}`;
}

interface PendingTextParts {
  readonly outcome: DecisionOutcome;
  readonly opUserBalance: number;
  readonly seq: number;
  readonly order: number;
  readonly fingerprint: bigint;
  readonly nowMs: number;
  readonly event: DecidedEvent['event'];
}

/** The text of a decision that is in the outbox; the debit script makes the same. Its generation is that of the shard. */
export function pendingText(parts: PendingTextParts): string {
  const { outcome, opUserBalance, seq, order } = parts;
  return `${OUTCOME_LETTERS[outcome]}${opUserBalance};${seq};${order};${keptText(parts)}`;
}

/** Reads a decision in the outbox. Throws for a text that is none. */
export function pendingDecision(text: string, key: EventKey, generation: number): PendingDecision {
  const parts: string[] = [];
  let at = 0;
  while (parts.length < PENDING_PARTS) {
    const end = text.indexOf(';', at);
    if (end < 0) throw new Error(`event ${key.eventId} is stored as ${text.slice(0, 100)}`);
    parts.push(text.slice(at, end));
    at = end + 1;
  }
  const [balance = '', seq, order, fingerprint = '', decidedAtMs] = parts;
  const decided: DecidedEvent = {
    event: eventFromText(text.slice(at), key),
    outcome: outcomeOf(text),
    opUserBalance: BigInt(balance.slice(1)),
    seq: Number(seq),
    generation,
    fingerprint: BigInt(`0x${fingerprint}`),
    decidedAtMs: Number(decidedAtMs),
  };
  return { decided, order: Number(order) };
}

const outcomeOf = (text: string): DecisionOutcome =>
  text.startsWith(OUTCOME_LETTERS.applied) ? 'applied' : 'insufficient_balance';

import type { DecidedEvent, DecisionOutcome, EventKey, Marker } from '@giftmesh/domain-money';
import { eventFromText } from './event-text';

/** A decision as a user's hash has it, under the event's id. */
export interface StoredDecision {
  readonly marker: Marker;
  /** The outbox entry, absent when the ledger has the event on record. */
  readonly pending: DecidedEvent | undefined;
  /** Which decision of the user it was. */
  readonly order: number;
}

const PENDING = 'P';
const SETTLED = 'S';
const OUTCOME_LETTERS: Readonly<Record<DecisionOutcome, string>> = { applied: 'a', insufficient_balance: 'r' };

/** A fingerprint as the store has it: 16 hexadecimal digits. */
export const fingerprintText = (fingerprint: bigint): string => fingerprint.toString(16).padStart(16, '0');

/** The text of a decision that is on record in the ledger. */
export function settledText({ outcome, opUserBalance, fingerprint }: Marker): string {
  return `${SETTLED}${fingerprintText(fingerprint)}${OUTCOME_LETTERS[outcome]}${opUserBalance}`;
}

/** What follows the marker of a decision that is in the outbox. */
export interface PendingText {
  readonly fingerprint: string;
  readonly outcome: DecisionOutcome;
  readonly opUserBalance: string;
  readonly seq: string;
  readonly generation: string;
  readonly decidedAtMs: string;
  readonly order: string;
  readonly event: string;
}

/** The text of a decision that is in the outbox; the debit script makes the same. */
export function pendingText(text: PendingText): string {
  const { fingerprint, outcome, opUserBalance, seq, generation, decidedAtMs, order, event } = text;
  const head = `${PENDING}${fingerprint}${OUTCOME_LETTERS[outcome]}`;
  return `${head}${[opUserBalance, seq, generation, decidedAtMs, order, event].join(';')}`;
}

/** Reads a decision. Throws for a text that is none. */
export function storedDecision(text: string, key: EventKey): StoredDecision {
  const isPending = text.startsWith(PENDING);
  const outcome: DecisionOutcome = text[17] === OUTCOME_LETTERS.applied ? 'applied' : 'insufficient_balance';
  const fingerprint = BigInt(`0x${text.slice(1, 17)}`);
  const { eventId } = key;
  if (!isPending) {
    const opUserBalance = BigInt(text.slice(18));
    return { marker: { eventId, outcome, opUserBalance, fingerprint }, pending: undefined, order: 0 };
  }
  const numbers: string[] = [];
  let at = 18;
  while (numbers.length < 5) {
    const end = text.indexOf(';', at);
    if (end < 0) throw new Error(`event ${eventId} is stored as ${text.slice(0, 100)}`);
    numbers.push(text.slice(at, end));
    at = end + 1;
  }
  const [balance = '', seq, generation, decidedAtMs, order] = numbers;
  const opUserBalance = BigInt(balance);
  const pending: DecidedEvent = {
    event: eventFromText(text.slice(at), key),
    outcome,
    opUserBalance,
    seq: Number(seq),
    generation: Number(generation),
    fingerprint,
    decidedAtMs: Number(decidedAtMs),
  };
  return { marker: { eventId, outcome, opUserBalance, fingerprint }, pending, order: Number(order) };
}

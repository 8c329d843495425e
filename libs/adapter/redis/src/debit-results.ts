import {
  markerOf,
  type DebitRequest,
  type DebitResult,
  type DecidedEvent,
  type DecisionOutcome,
} from '@giftmesh/domain-money';
import { DebitCode } from './debit-script';
import { pendingDecision, settledMarker } from './stored-decision';

/** What the debit script, or what stands for it, answers to one request: see `DebitCode`. */
export type DebitAnswer = readonly [value: number | string, code: number];

const MISS: DebitResult = { kind: 'miss' };
const BACKLOG: DebitResult = { kind: 'backlog' };

/** @param generation of the user's shard. */
export function debitResult(
  request: DebitRequest,
  generation: number,
  value: number | string,
  code: number,
): DebitResult {
  if (code > 0) return newDecision(request, generation, 'applied', Number(value), code);
  const { event, fingerprint } = request;
  switch (code) {
    case DebitCode.refused:
      return newDecision(request, generation, 'insufficient_balance', Number(value), 0);
    case DebitCode.pending: {
      const { decided } = pendingDecision(String(value), event, generation);
      if (decided.fingerprint !== fingerprint) return { kind: 'reused', pending: decided };
      return { kind: 'decided', marker: markerOf(decided), pending: decided, duplicate: true };
    }
    case DebitCode.settled: {
      const marker = settledMarker(String(value), event);
      if (marker.fingerprint !== fingerprint) return { kind: 'reused', pending: undefined };
      return { kind: 'decided', marker, pending: undefined, duplicate: true };
    }
    case DebitCode.miss:
      return MISS;
    case DebitCode.askLedger:
      return { kind: 'ask_ledger', asOf: Number(value) };
    case DebitCode.insufficient:
      return { kind: 'insufficient', balance: BigInt(value) };
    case DebitCode.backlog:
      return BACKLOG;
    default:
      throw new Error(`the debit script answered ${code}`);
  }
}

function newDecision(
  { event, fingerprint, nowMs }: DebitRequest,
  generation: number,
  outcome: DecisionOutcome,
  balance: number,
  seq: number,
): DebitResult {
  const opUserBalance = BigInt(balance);
  const pending: DecidedEvent = { event, outcome, opUserBalance, seq, generation, fingerprint, decidedAtMs: nowMs };
  return {
    kind: 'decided',
    marker: { eventId: event.eventId, outcome, opUserBalance, fingerprint },
    pending,
    duplicate: false,
  };
}

import type { DebitRequest, DebitResult, DecidedEvent, DecisionOutcome } from '@giftmesh/domain-money';
import { DebitCode } from './debit-script';
import { storedDecision } from './stored-decision';

/** What the debit script, or what stands for it, answers to one request. */
export type DebitAnswer = readonly [code: number, first: number | string, second: number];

const MISS: DebitResult = { kind: 'miss' };
const BACKLOG: DebitResult = { kind: 'backlog' };

/** @param generation of the user's shard. */
export function debitResult(
  request: DebitRequest,
  generation: number,
  [code, first, second]: DebitAnswer,
): DebitResult {
  switch (code) {
    case DebitCode.applied:
      return newDecision(request, generation, 'applied', Number(first), second);
    case DebitCode.refused:
      return newDecision(request, generation, 'insufficient_balance', Number(first), 0);
    case DebitCode.known: {
      const { marker, pending } = storedDecision(String(first), request.event);
      if (marker.fingerprint !== request.fingerprint) return { kind: 'reused', pending };
      return { kind: 'decided', marker, pending, duplicate: true };
    }
    case DebitCode.miss:
      return MISS;
    case DebitCode.askLedger:
      return { kind: 'ask_ledger', asOf: Number(first) };
    case DebitCode.insufficient:
      return { kind: 'insufficient', balance: BigInt(first) };
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

import { CallError, type MeshClients } from '@giftmesh/test-harness';
import { answerOfFailure, answerOfOk, type Answer } from './answers';
import type { Asked, AskedGift, AskedRecharge, AskedReversal } from './asked';
import type { Counts } from './counts';

/** Deadline of one try, milliseconds: the deadline that the contract gives a gift. */
const TRY_TIMEOUT_MS = 3_000;

/** Sends a gift by SendGift and writes down what came of it. Never rejects. */
export async function sendGift(mesh: MeshClients, asked: Asked, gift: AskedGift): Promise<Answer> {
  gift.inFlight += 1;
  const { eventId } = gift.request;
  let answer: Answer;
  try {
    const ok = await mesh.interaction.call.sendGift(gift.request, { timeoutMs: TRY_TIMEOUT_MS });
    answer = answerOfOk(eventId, gift.coins, ok);
  } catch (error) {
    answer = error instanceof CallError ? answerOfFailure(eventId, error) : wrong(error);
  }
  gift.inFlight -= 1;
  asked.giftAnswered(gift, answer);
  return answer;
}

/** Sends a recharge and writes down whether it was acknowledged. Never rejects. */
export async function sendRecharge(mesh: MeshClients, asked: Asked, recharge: AskedRecharge): Promise<void> {
  const { intent } = recharge;
  const repeated = intent.acknowledged;
  recharge.inFlight += 1;
  try {
    const answer = await mesh.station.call.applyOrder(intent.order, { timeoutMs: TRY_TIMEOUT_MS });
    if (repeated && !answer.duplicate) asked.problem(`order ${intent.order.eventId} was applied again`);
    intent.acknowledged = true;
  } catch (error) {
    if (isDecision(error)) asked.problem(`order ${intent.order.eventId} was refused: ${(error as Error).message}`);
  } finally {
    recharge.inFlight -= 1;
  }
}

/** Sends an acknowledged order with another amount: it must be refused. Never rejects. */
export async function sendConflictingRecharge(mesh: MeshClients, asked: Asked, recharge: AskedRecharge): Promise<void> {
  const { order } = recharge.intent;
  try {
    await mesh.station.call.applyOrder({ ...order, amount: order.amount + 1n }, { timeoutMs: TRY_TIMEOUT_MS });
    asked.problem(`order ${order.eventId} was taken with two amounts`);
  } catch (error) {
    if (isDecision(error) && (error as CallError).reason !== 'ORDER_CONFLICT')
      asked.problem(`order ${order.eventId} with another amount: ${(error as Error).message}`);
  }
}

/** Sends a reversal and writes down what came of it. Never rejects. */
export async function sendReversal(
  mesh: MeshClients,
  asked: Asked,
  reversal: AskedReversal,
  counts: Counts,
): Promise<void> {
  const { intent } = reversal;
  const { eventId } = intent.request;
  reversal.inFlight += 1;
  try {
    const { reversed } = await mesh.station.call.reverseEvent(intent.request, { timeoutMs: TRY_TIMEOUT_MS });
    if (intent.refused) asked.problem(`reversal ${eventId} was refused, then made`);
    if (intent.reversed !== undefined && intent.reversed !== reversed)
      asked.problem(`reversal ${eventId} gave ${intent.reversed}, then ${reversed}`);
    if (intent.reversed === undefined) counts.add('reversals');
    intent.reversed = reversed;
  } catch (error) {
    if (!isDecision(error)) return;
    const { reason, info, message } = error as CallError;
    // Only asked for when the gift had been answered OK.
    if (reason !== 'REVERSAL_REFUSED' || info['problem'] === 'NOT_FOUND')
      asked.problem(`reversal ${eventId} was refused: ${message}`);
    if (intent.reversed !== undefined) asked.problem(`reversal ${eventId} was made, then refused: ${message}`);
    intent.refused = true;
  } finally {
    reversal.inFlight -= 1;
  }
}

/** True for an answer of the service that is not merely "not now". */
function isDecision(error: unknown): boolean {
  if (!(error instanceof CallError)) throw error;
  return (
    error.domain !== '' &&
    !['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CANCELLED', 'RESOURCE_EXHAUSTED'].includes(error.codeName)
  );
}

const wrong = (error: unknown): Answer => ({ kind: 'wrong', problem: `a call failed with ${String(error)}` });

import { common, type commonErrors, type interaction } from '@giftmesh/contract';
import type { CallError } from '@giftmesh/test-harness';

const { EventOutcome } = common;

/** What a client learned from one try. */
export type Answer =
  | { readonly kind: 'decided'; readonly outcome: common.EventOutcome; readonly balance: bigint }
  /** It may have taken effect or not: the same event_id settles it. */
  | { readonly kind: 'unknown'; readonly why: string; readonly from: 'service' | 'transport' }
  /** An answer that no good request may get. */
  | {
      readonly kind: 'wrong';
      readonly problem: string;
      /** It says that the id is too old or from the future: somebody's clock may be off. */
      readonly aboutTime?: boolean;
    };

/** google.rpc.Code of answers that leave open what happened. */
const UNDECIDED_CODES: ReadonlySet<number> = new Set([1, 4, 8, 14]);
/** What interaction and the station say of ids that are outside the acceptance window by their clock. */
const ABOUT_TIME: ReadonlySet<string> = new Set(['EVENT_ID_EXPIRED', 'EVENT_ID_IN_FUTURE']);
const FROM_THE_FUTURE = 'event_id is from the future';
const BALANCE_IN_MESSAGE = /balance of (-?\d+)/;

/** What an OK says. @param coins What the gift costs by the catalogue. */
export function answerOfOk(eventId: string, coins: bigint, ok: interaction.SendGiftResponse): Answer {
  if (ok.eventId !== eventId) return { kind: 'wrong', problem: `${eventId} got the answer of ${ok.eventId}` };
  if (ok.coins !== coins) return { kind: 'wrong', problem: `${eventId} cost ${ok.coins}, not ${coins}` };
  return { kind: 'decided', outcome: EventOutcome.APPLIED, balance: ok.balance };
}

/** What a failed SendGift says. */
export function answerOfFailure(eventId: string, error: CallError): Answer {
  // Without details it is the transport that failed.
  if (error.domain === '') return { kind: 'unknown', why: `${error.codeName} ${error.details}`, from: 'transport' };
  return answerOfRefusal(eventId, error.code, error.reason, error.details);
}

/** What a refusal inside a stream says. */
export function answerOfError(eventId: string, error: commonErrors.Error): Answer {
  return answerOfRefusal(eventId, error.code, error.reason, error.message);
}

function answerOfRefusal(eventId: string, code: number, reason: string, message: string): Answer {
  if (reason === 'EVENT_ID_REUSED') return { kind: 'decided', outcome: EventOutcome.EVENT_ID_REUSED, balance: 0n };
  if (reason === 'INSUFFICIENT_BALANCE') {
    const [, balance] = BALANCE_IN_MESSAGE.exec(message) ?? [];
    if (balance === undefined)
      return { kind: 'wrong', problem: `${eventId} was refused without a balance: ${message}` };
    return { kind: 'decided', outcome: EventOutcome.INSUFFICIENT_BALANCE, balance: BigInt(balance) };
  }
  if (UNDECIDED_CODES.has(code)) return { kind: 'unknown', why: `${reason} ${message}`, from: 'service' };
  const aboutTime = ABOUT_TIME.has(reason) || message.includes(FROM_THE_FUTURE);
  return { kind: 'wrong', problem: `${eventId} was answered ${code} ${reason}: ${message}`, aboutTime };
}

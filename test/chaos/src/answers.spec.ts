import { common } from '@giftmesh/contract';
import { answerOfError, answerOfOk } from './answers';

const { EventOutcome } = common;
const refusal = (code: number, reason: string, message = '') =>
  answerOfError('a', { code, reason, message, errCode: 0, fieldViolations: [], retryDelayMs: 0n });

describe('answers', () => {
  const ok = { eventId: 'a', balance: 5n, coins: 10n, comboCount: 0, duplicate: false };

  it('takes an OK only for its own event at its own price', () => {
    expect(answerOfOk('a', 10n, ok)).toEqual({ kind: 'decided', outcome: EventOutcome.APPLIED, balance: 5n });
    expect(answerOfOk('b', 10n, ok).kind).toBe('wrong');
    expect(answerOfOk('a', 11n, ok).kind).toBe('wrong');
  });

  it('tells refusals from "not now" and from what may not happen', () => {
    expect(refusal(9, 'INSUFFICIENT_BALANCE', 'the balance of -3 does not cover the gift')).toEqual({
      kind: 'decided',
      outcome: EventOutcome.INSUFFICIENT_BALANCE,
      balance: -3n,
    });
    expect(refusal(9, 'INSUFFICIENT_BALANCE', 'no').kind).toBe('wrong');
    expect(refusal(6, 'EVENT_ID_REUSED')).toMatchObject({ outcome: EventOutcome.EVENT_ID_REUSED });
    expect(refusal(14, 'OUTCOME_UNKNOWN').kind).toBe('unknown');
    expect(refusal(5, 'GIFT_NOT_FOUND')).toMatchObject({ kind: 'wrong', aboutTime: false });
    for (const [reason, message] of [
      ['EVENT_ID_EXPIRED', 'the event_id is too old'],
      ['EVENT_ID_IN_FUTURE', 'event_id was made more than 300000 ms ahead of the server’s time'],
      ['REQUEST_INVALID', 'event_id is from the future'],
    ] as const)
      expect(refusal(9, reason, message)).toMatchObject({ kind: 'wrong', aboutTime: true });
  });
});

import { common } from '@giftmesh/contract';
import { AMOUNT_MAX, RECIPIENTS_MAX } from '@giftmesh/domain-money';
import { sampleId } from '@giftmesh/domain-money/testing';
import { ALICE, BOB, message, MOON, NOW_MS, setUp, STAR, WINDOW } from './test-kit/kit';
import { decidedNow } from './test-kit/scripted-store';

const { EventOutcome } = common;
const BUDGET_MS = 1_000;

describe('EventDecider, without any state', () => {
  it.each<[string, common.AssetEvent, string]>([
    ['no payer’s leg', { ...message({ id: 1 }), opUserChange: undefined }, 'op_user_change is missing'],
    ['no event type', { ...message({ id: 1 }), eventType: 0 }, 'event_type is missing'],
    [
      'an unknown event type',
      { ...message({ id: 1 }), eventType: 77 as common.EventType },
      'event_type 77 is not known',
    ],
    ['a recharge', { ...message({ id: 1 }), eventType: common.EventType.ORDER_WX }, 'is not decided by ChangeAssets'],
    [
      'an unknown part of the business',
      { ...message({ id: 1 }), bizType: 77 as common.BizType },
      'biz_type 77 is not known',
    ],
    ['an id that is no UUIDv7', message({ id: 'f47ac10b-58cc-4372-a567-0e02b2c3d479' }), 'event_id must be a UUIDv7'],
    ['no payer', message({ id: 1, from: 0n }), 'op_user_id must be a positive int64'],
    ['nothing paid', message({ id: 1, amount: 0n }), 'op_user_change.incr must be negative'],
    [
      'an amount that overflows',
      message({ id: 1, amount: AMOUNT_MAX + 1n }),
      'op_user_change.incr must be negative, above',
    ],
    [
      'amounts that overflow together',
      message({ id: 1, to: [[STAR, AMOUNT_MAX], [MOON, AMOUNT_MAX]] }), // prettier-ignore
      'op_user_change.incr must be negative, above',
    ],
    [
      'another’s leg as payer',
      message({ id: 1, event: { opUserId: BOB } }),
      'op_user_change.user_id must be the op user',
    ],
    ['no payee', { ...message({ id: 1 }), toUserChanges: [] }, 'to_user_changes must name a recipient'],
    [
      'a payee twice',
      message({ id: 1, to: [[STAR, 1n], [STAR, 2n]] }), // prettier-ignore
      'to_user_changes[1].user_id is named twice',
    ],
    [
      'too many payees',
      message({ id: 1, to: Array.from({ length: RECIPIENTS_MAX + 1 }, (_, n) => [100n + BigInt(n), 1n] as const) }),
      `must be at most ${RECIPIENTS_MAX}`,
    ],
    [
      'payees who get more than was paid',
      message({ id: 1, event: { opUserChange: { userId: ALICE, assetType: 'coin', incr: -29n } } }),
      'recipients get 30 and the op user pays 29',
    ],
    ['a withdrawal with a payee', { ...message({ id: 1 }), eventType: common.EventType.WITHDRAWAL }, 'must be empty'],
    ['an object that is too long', message({ id: 1, event: { objId: 'x'.repeat(65) } }), 'obj_id must be at most 64'],
    [
      'an id from the future',
      message({ id: sampleId(1, NOW_MS + WINDOW.futureMs + 1) }),
      'event_id is from the future',
    ],
  ])('refuses %s as invalid, and the store never sees it', async (_, wrong, text) => {
    const { decider, log, store } = setUp();
    store.answer = (request) => decidedNow(request);
    const [result] = await decider.decide([wrong], BUDGET_MS);
    expect(result).toMatchObject({ outcome: EventOutcome.INVALID, opUserBalance: 0n, duplicate: false });
    expect(result?.message).toContain(text);
    expect(store.calls).toEqual([]);
    expect(await log.durable()).toEqual([]);
  });

  it('takes the largest amount, and ids up to the ends of the window', async () => {
    const { decider, store } = setUp();
    store.answer = (request) => decidedNow(request);
    const ids = [sampleId(1, NOW_MS + WINDOW.futureMs), sampleId(1, NOW_MS - WINDOW.pastMs)];
    const messages = [message({ id: 1, amount: AMOUNT_MAX }), ...ids.map((id) => message({ id }))];
    expect((await decider.decide(messages, BUDGET_MS)).map(({ outcome }) => outcome)).toEqual(
      messages.map(() => EventOutcome.APPLIED),
    );
    expect(store.requests.every(({ executable }) => executable)).toBe(true);
  });
});

import { ID_MAX } from '@giftmesh/kernel-ids';
import { AMOUNT_MAX } from './assets';
import { RECIPIENTS_MAX, TEXT_BYTES_MAX, type AssetEvent } from './event';
import { eventProblems, isShortText } from './event-rules';
import { sampleGift } from './testing/balance-store-samples';

const good = sampleGift({ id: 1, from: 7n, amount: 10n });
const withdrawal: AssetEvent = { ...good, eventType: 'withdrawal', toUserChanges: [] };
const to = (...credits: readonly (readonly [userId: bigint, incr: bigint])[]): Partial<AssetEvent> => ({
  toUserChanges: credits.map(([userId, incr]) => ({ userId, assetType: 'diamond', incr })),
});
const pays = (incr: bigint, userId = 7n): Partial<AssetEvent> => ({
  opUserChange: { userId, assetType: 'coin', incr },
});
const many = (count: number): Partial<AssetEvent> => ({
  ...pays(-BigInt(count)),
  ...to(...Array.from({ length: count }, (_, index) => [BigInt(index) + 1n, 1n] as const)),
});
const text = (length: number): string => 'x'.repeat(length);

describe('eventProblems', () => {
  it.each<readonly [what: string, changes: Partial<AssetEvent>, fields: readonly string[]]>([
    // What is right.
    ['a gift', {}, []],
    ['a gift to several', { ...pays(-10n), ...to([1n, 4n], [2n, 6n]) }, []],
    ['a gift to as many as may be', many(RECIPIENTS_MAX), []],
    ['a gift to oneself (the catalogue decides)', to([7n, 10n]), []],
    ['the largest amount', { ...pays(-AMOUNT_MAX), ...to([1n, AMOUNT_MAX]) }, []],
    ['the largest ids', { opUserId: ID_MAX, ...pays(-10n, ID_MAX), bizId: ID_MAX, ...to([ID_MAX - 1n, 10n]) }, []],
    ['no business id', { bizId: 0n }, []],
    ['the longest texts', { objId: text(TEXT_BYTES_MAX), comboKey: text(TEXT_BYTES_MAX) }, []],
    ['no count', { quantity: 0 }, []],
    ['a withdrawal', withdrawal, []],
    // Ids.
    ['an empty event id', { eventId: '' }, ['event_id']],
    ['a UUIDv4', { eventId: '0f8fad5b-d9cb-469f-a165-70867728950e' }, ['event_id']],
    ['upper case', { eventId: good.eventId.toUpperCase() }, ['event_id']],
    ['an id with more behind it', { eventId: `${good.eventId}\n` }, ['event_id']],
    ['an id in braces', { eventId: `{${good.eventId}}` }, ['event_id']],
    ['user 0', { opUserId: 0n, ...pays(-10n, 0n) }, ['op_user_id']],
    ['a negative user', { opUserId: -7n, ...pays(-10n, -7n) }, ['op_user_id']],
    ['a user beyond int64', { opUserId: ID_MAX + 1n, ...pays(-10n, ID_MAX + 1n) }, ['op_user_id']],
    ['a negative business id', { bizId: -1n }, ['biz_id']],
    ['a business id beyond int64', { bizId: ID_MAX + 1n }, ['biz_id']],
    // Texts.
    ['a long object id', { objId: text(TEXT_BYTES_MAX + 1) }, ['obj_id']],
    ['an object id that is no ASCII', { objId: 'rosé' }, ['obj_id']],
    ['a control character', { objId: 'a\nb' }, ['obj_id']],
    ['a long combo key', { comboKey: text(TEXT_BYTES_MAX + 1) }, ['combo_key']],
    ['a combo key with a zero byte', { comboKey: 'a\u0000' }, ['combo_key']],
    // Counts.
    ['a negative count', { quantity: -1 }, ['quantity']],
    ['half a gift', { quantity: 0.5 }, ['quantity']],
    ['no number', { quantity: NaN }, ['quantity']],
    // What is paid.
    ['another payer', pays(-10n, 8n), ['op_user_change.user_id']],
    ['nothing paid', { ...pays(0n), ...to([1n, 10n]) }, ['op_user_change.incr', 'to_user_changes']],
    ['a payer who gets', { ...pays(10n), ...to([1n, 10n]) }, ['op_user_change.incr', 'to_user_changes']],
    ['too much', { ...pays(-AMOUNT_MAX - 1n), ...to([1n, AMOUNT_MAX], [2n, 1n]) }, ['op_user_change.incr']],
    // Who gets.
    ['nobody', { toUserChanges: [] }, ['to_user_changes']],
    ['too many', many(RECIPIENTS_MAX + 1), ['to_user_changes']],
    ['somebody twice', to([1n, 5n], [1n, 5n]), ['to_user_changes[1].user_id']],
    ['user 0 as recipient', to([0n, 10n]), ['to_user_changes[0].user_id']],
    ['a recipient beyond int64', to([1n, 5n], [ID_MAX + 1n, 5n]), ['to_user_changes[1].user_id']],
    ['a recipient who gets nothing', to([1n, 10n], [2n, 0n]), ['to_user_changes[1].incr']],
    ['a recipient who pays', to([1n, 11n], [2n, -1n]), ['to_user_changes[1].incr']],
    [
      'a credit beyond 2^53',
      { ...pays(-10n), ...to([1n, AMOUNT_MAX + 1n]) },
      ['to_user_changes[0].incr', 'to_user_changes'],
    ],
    ['coins from nothing', to([1n, 11n]), ['to_user_changes']],
    ['coins that vanish', to([1n, 4n], [2n, 5n]), ['to_user_changes']],
    // What is not decided here.
    ['a withdrawal that credits', { ...withdrawal, toUserChanges: good.toUserChanges }, ['to_user_changes']],
    ['a recharge', { eventType: 'order_wx' }, ['event_type']],
    ['a reversal', { eventType: 'reversal' }, ['event_type']],
    // All at once.
    [
      'everything',
      {
        eventId: 'x',
        opUserId: 0n,
        bizId: -1n,
        objId: 'é',
        comboKey: 'é',
        quantity: -1,
        ...pays(1n, 9n),
        toUserChanges: [],
      },
      [
        'event_id',
        'op_user_id',
        'biz_id',
        'obj_id',
        'combo_key',
        'quantity',
        'op_user_change.user_id',
        'op_user_change.incr',
        'to_user_changes',
      ],
    ],
  ])('finds of %s', (_, changes, fields) => {
    const problems = eventProblems({ ...good, ...changes });
    expect(problems.map(({ field }) => field)).toEqual(fields);
    for (const { description } of problems) expect(description).not.toBe('');
  });

  it('says what was paid and what was got', () => {
    expect(eventProblems({ ...good, ...to([1n, 11n]) })).toEqual([
      { field: 'to_user_changes', description: 'recipients get 11 and the op user pays 10' },
    ]);
  });
});

describe('isShortText', () => {
  it.each([
    ['', true],
    [' ~', true],
    [text(TEXT_BYTES_MAX), true],
    [text(TEXT_BYTES_MAX + 1), false],
    ['\u007f', false],
    ['\t', false],
    ['🎁', false],
  ])('%j: %p', (value, expected) => {
    expect(isShortText(value)).toBe(expected);
  });
});

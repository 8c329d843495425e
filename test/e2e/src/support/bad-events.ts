import { common } from '@giftmesh/contract';
import { eventIdAt, newEventId } from './ids';
import { eventOf, HOST } from './requests';

const { AssetType, BizType, EventOutcome, EventType } = common;

/** The largest amount of a change or an account. */
export const AMOUNT_MAX = 2n ** 53n - 1n;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

type Changed = Partial<common.AssetEvent>;
type Row = readonly [what: string, event: (payer: bigint) => common.AssetEvent, says: string];

const coins = (userId: bigint, incr: bigint, assetType = AssetType.COIN): common.AssetChange => ({
  userId,
  assetType,
  incr,
});
/** A good event of one coin with something else in it. */
const changed =
  (changes: Changed | ((payer: bigint) => Changed)) =>
  (payer: bigint): common.AssetEvent =>
    eventOf({ payer, payees: [HOST], each: 1n }, typeof changes === 'function' ? changes(payer) : changes);
/** One who pays, and those who get. */
const legs = (paid: bigint, ...got: readonly (readonly [userId: bigint, incr: bigint])[]) =>
  changed((payer) => ({
    opUserChange: coins(payer, -paid),
    toUserChanges: got.map(([userId, incr]) => coins(userId, incr)),
  }));
const many = (count: number): readonly (readonly [bigint, bigint])[] =>
  Array.from({ length: count }, (_, index) => [HOST + BigInt(index), 1n]);

const INVALID_EVENTS: readonly Row[] = [
  ['no event id', changed({ eventId: '' }), 'event_id'],
  ['an event id of words', changed({ eventId: 'nonsense' }), 'event_id'],
  ['a UUIDv4', changed({ eventId: '0f8fad5b-d9cb-469f-a165-70867728950e' }), 'event_id'],
  ['an event id in upper case', changed({ eventId: newEventId().toUpperCase() }), 'event_id'],
  ['an event id of 100,000 characters', changed({ eventId: 'a'.repeat(100_000) }), 'event_id'],
  ['an event id from the future', changed({ eventId: eventIdAt(360_000) }), 'event_id'],
  ['op user 0', changed({ opUserId: 0n, opUserChange: coins(0n, -1n) }), 'op_user_id'],
  ['op user -1', changed({ opUserId: -1n, opUserChange: coins(-1n, -1n) }), 'op_user_id'],
  ['no event type', changed({ eventType: EventType.UNSPECIFIED }), 'event_type'],
  ['an unknown event type', changed({ eventType: 8 as never }), 'event_type'],
  ['a negative event type', changed({ eventType: -1 as never }), 'event_type'],
  ['a recharge', changed({ eventType: EventType.ORDER_WX }), 'event_type'],
  ['a reversal', changed({ eventType: EventType.REVERSAL }), 'event_type'],
  ['a withdrawal that credits', changed({ eventType: EventType.WITHDRAWAL }), 'to_user_changes'],
  ['a negative room', changed({ bizId: -1n }), 'biz_id'],
  ['no business', changed({ bizType: BizType.UNSPECIFIED }), 'biz_type'],
  ['an unknown business', changed({ bizType: 3 as never }), 'biz_type'],
  ['an object id that is too long', changed({ objId: 'o'.repeat(65) }), 'obj_id'],
  ['an object id that is not ASCII', changed({ objId: 'rosé' }), 'obj_id'],
  ['a combo key that is too long', changed({ comboKey: 'c'.repeat(65) }), 'combo_key'],
  ['a negative quantity', changed({ quantity: -1 }), 'quantity'],
  ['nobody who pays', changed({ opUserChange: undefined }), 'op_user_change is missing'],
  ['another one who pays', changed({ opUserChange: coins(HOST, -1n) }), 'op_user_change.user_id'],
  [
    'payment in nothing',
    changed((payer) => ({ opUserChange: coins(payer, -1n, AssetType.UNSPECIFIED) })),
    'op_user_change.asset_type is missing',
  ],
  [
    'payment in an unknown asset',
    changed((payer) => ({ opUserChange: coins(payer, -1n, 3 as never) })),
    'op_user_change.asset_type 3',
  ],
  [
    'credits in nothing',
    changed({ toUserChanges: [coins(HOST, 1n, AssetType.UNSPECIFIED)] }),
    'to_user_changes[0].asset_type is missing',
  ],
  ['a payment of 0', legs(0n, [HOST, 1n]), 'op_user_change.incr'],
  ['one who pays and gets', legs(-1n, [HOST, 1n]), 'op_user_change.incr'],
  ['a payment beyond 2^53', legs(AMOUNT_MAX + 1n, [HOST, AMOUNT_MAX], [HOST + 1n, 1n]), 'op_user_change.incr'],
  ['the smallest int64', legs(-INT64_MIN, [HOST, 1n]), 'op_user_change.incr'],
  ['nobody who gets', legs(1n), 'to_user_changes'],
  ['101 who get', legs(101n, ...many(101)), 'to_user_changes'],
  ['one who gets twice', legs(2n, [HOST, 1n], [HOST, 1n]), 'to_user_changes[1].user_id'],
  ['user 0 who gets', legs(1n, [0n, 1n]), 'to_user_changes[0].user_id'],
  ['user -1 who gets', legs(1n, [-1n, 1n]), 'to_user_changes[0].user_id'],
  ['one who gets nothing', legs(1n, [HOST, 1n], [HOST + 1n, 0n]), 'to_user_changes[1].incr'],
  ['one who gets less than nothing', legs(1n, [HOST, 2n], [HOST + 1n, -1n]), 'to_user_changes[1].incr'],
  ['a credit beyond 2^53', legs(1n, [HOST, AMOUNT_MAX + 1n]), 'to_user_changes[0].incr'],
  [
    'credits that overflow int64 to what is paid',
    legs(1n, [HOST, INT64_MAX], [HOST + 1n, INT64_MAX], [HOST + 2n, 3n]),
    'to_user_changes',
  ],
  ['coins from nothing', legs(1n, [HOST, 2n]), 'to_user_changes'],
  ['coins that vanish', legs(2n, [HOST, 1n]), 'to_user_changes'],
];

/** Events that a station must not apply: what is wrong, the event of a payer, how the result's message begins, and its outcome. */
export const BAD_EVENTS: readonly (readonly [...Row, common.EventOutcome])[] = [
  ...INVALID_EVENTS.map((row) => [...row, EventOutcome.INVALID] as const),
  ['an event id that is too old', changed({ eventId: eventIdAt(-3_660_000) }), '', EventOutcome.EVENT_ID_EXPIRED],
];

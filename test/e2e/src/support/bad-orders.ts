import { common, type station } from '@giftmesh/contract';
import { newEventId } from './ids';

const { AssetType, EventType } = common;
type Order = station.ApplyOrderRequest;
type Reversal = station.ReverseEventRequest;

/** What is wrong with an order, what to change of a good one, and the fields that are named. */
export const BAD_ORDERS: readonly (readonly [string, Partial<Order>, readonly string[]])[] = [
  ['no event id', { eventId: '' }, ['event_id']],
  ['an event id of words', { eventId: 'nonsense' }, ['event_id']],
  ['a UUIDv4', { eventId: '0f8fad5b-d9cb-469f-a165-70867728950e' }, ['event_id']],
  ['an event id in upper case', { eventId: newEventId().toUpperCase() }, ['event_id']],
  ['an event id of 100,000 characters', { eventId: 'a'.repeat(100_000) }, ['event_id']],
  ['user 0', { userId: 0n }, ['user_id']],
  ['user -1', { userId: -1n }, ['user_id']],
  ['the smallest user', { userId: -(2n ** 63n) }, ['user_id']],
  ['no event type', { eventType: EventType.UNSPECIFIED }, ['event_type']],
  ['a gift', { eventType: EventType.INTERACT_GIFT }, ['event_type']],
  ['a withdrawal', { eventType: EventType.WITHDRAWAL }, ['event_type']],
  ['a reversal', { eventType: EventType.REVERSAL }, ['event_type']],
  ['an unknown event type', { eventType: 8 as never }, ['event_type']],
  ['order 0', { orderId: 0n }, ['order_id']],
  ['order -1', { orderId: -1n }, ['order_id']],
  ['no receipt', { outsideTransactionId: '' }, ['outside_transaction_id']],
  ['a receipt that is too long', { outsideTransactionId: 'r'.repeat(65) }, ['outside_transaction_id']],
  ['a receipt that is not ASCII', { outsideTransactionId: 'reçu' }, ['outside_transaction_id']],
  ['a receipt with a line end', { outsideTransactionId: 'a\n' }, ['outside_transaction_id']],
  ['no asset', { assetType: AssetType.UNSPECIFIED }, ['asset_type']],
  ['an unknown asset', { assetType: 3 as never }, ['asset_type']],
  ['an amount of 0', { amount: 0n }, ['amount']],
  ['an amount of -1', { amount: -1n }, ['amount']],
  ['an amount of 2^53', { amount: 2n ** 53n }, ['amount']],
  ['the largest int64 as amount', { amount: 2n ** 63n - 1n }, ['amount']],
  ['two wrong fields', { userId: 0n, amount: 0n }, ['user_id', 'amount']],
];

/** The same of reversals; where the change depends on the good one, it is made from it. */
export const BAD_REVERSALS: readonly (readonly [
  string,
  Partial<Reversal> | ((good: Reversal) => Partial<Reversal>),
  readonly string[],
])[] = [
  ['no event id', { eventId: '' }, ['event_id']],
  ['an event id of words', { eventId: 'nonsense' }, ['event_id']],
  ['its own original', ({ originalEventId }) => ({ eventId: originalEventId }), ['event_id']],
  ['no original', { originalEventId: '' }, ['original_event_id']],
  [
    'an original in upper case',
    ({ originalEventId }) => ({ originalEventId: originalEventId.toUpperCase() }),
    ['original_event_id'],
  ],
  ['op user 0', { opUserId: 0n }, ['op_user_id']],
  ['op user -1', { opUserId: -1n }, ['op_user_id']],
  ['an amount of -1', { amount: -1n }, ['amount']],
  ['an amount of 2^53', { amount: 2n ** 53n }, ['amount']],
  ['two wrong fields', { opUserId: 0n, amount: -1n }, ['op_user_id', 'amount']],
];

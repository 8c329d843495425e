import type { FieldViolation } from '@giftmesh/kernel-errors';
import { isId, isUuidV7 } from '@giftmesh/kernel-ids';
import { AMOUNT_MAX } from './assets';
import { isShortText } from './event-rules';
import { TEXT_BYTES_MAX } from './event';
import type { Order, Reversal } from './ports/ledger';

/** All that is wrong with an order, field by field; empty for a good one. */
export function orderProblems(order: Order): FieldViolation[] {
  const problems: FieldViolation[] = [];
  const wrong = (field: string, description: string): void => void problems.push({ field, description });
  if (!isUuidV7(order.eventId)) wrong('event_id', 'must be a UUIDv7 in canonical lower-case text');
  if (!isId(order.userId)) wrong('user_id', 'must be a positive int64');
  if (!isId(order.orderId)) wrong('order_id', 'must be a positive int64');
  if (order.outsideTransactionId === '' || !isShortText(order.outsideTransactionId))
    wrong('outside_transaction_id', `must be 1 to ${TEXT_BYTES_MAX} bytes of printable ASCII`);
  if (order.amount <= 0n || order.amount > AMOUNT_MAX) wrong('amount', 'must be positive, below 2^53');
  return problems;
}

/** All that is wrong with a reversal, field by field; empty for a good one. */
export function reversalProblems(reversal: Reversal): FieldViolation[] {
  const problems: FieldViolation[] = [];
  const wrong = (field: string, description: string): void => void problems.push({ field, description });
  if (!isUuidV7(reversal.eventId)) wrong('event_id', 'must be a UUIDv7 in canonical lower-case text');
  if (!isUuidV7(reversal.originalEventId)) wrong('original_event_id', 'must be a UUIDv7 in canonical lower-case text');
  if (reversal.eventId === reversal.originalEventId) wrong('event_id', 'must not be the original event');
  if (!isId(reversal.opUserId)) wrong('op_user_id', 'must be a positive int64');
  if (reversal.amount < 0n || reversal.amount > AMOUNT_MAX) wrong('amount', 'must be 0 or positive, below 2^53');
  return problems;
}

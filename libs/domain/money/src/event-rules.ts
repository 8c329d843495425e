import type { FieldViolation } from '@giftmesh/kernel-errors';
import { isId, isUuidV7 } from '@giftmesh/kernel-ids';
import { AMOUNT_MAX, type AssetChange } from './assets';
import { RECIPIENTS_MAX, TEXT_BYTES_MAX, type AssetEvent } from './event';

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** True for printable ASCII of at most `TEXT_BYTES_MAX` bytes. */
export function isShortText(text: string): boolean {
  return text.length <= TEXT_BYTES_MAX && PRINTABLE_ASCII.test(text);
}

/**
 * All that is wrong with an event that a station is asked to decide, field by field; empty for a good one. Conservation is
 * checked here: what the op user pays is exactly what the recipients get (a withdrawal credits nobody).
 */
export function eventProblems(event: AssetEvent): FieldViolation[] {
  const problems: FieldViolation[] = [];
  const wrong = (field: string, description: string): void => void problems.push({ field, description });

  if (!isUuidV7(event.eventId)) wrong('event_id', 'must be a UUIDv7 in canonical lower-case text');
  if (!isId(event.opUserId)) wrong('op_user_id', 'must be a positive int64');
  if (event.bizId < 0n || (event.bizId !== 0n && !isId(event.bizId))) wrong('biz_id', 'must be a positive int64');
  if (!isShortText(event.objId)) wrong('obj_id', `must be at most ${TEXT_BYTES_MAX} bytes of printable ASCII`);
  if (!isShortText(event.comboKey)) wrong('combo_key', `must be at most ${TEXT_BYTES_MAX} bytes of printable ASCII`);
  if (!Number.isInteger(event.quantity) || event.quantity < 0) wrong('quantity', 'must not be negative');

  const pays = event.opUserChange;
  if (pays.userId !== event.opUserId) wrong('op_user_change.user_id', 'must be the op user');
  if (pays.incr >= 0n || pays.incr < -AMOUNT_MAX) wrong('op_user_change.incr', 'must be negative, above -2^53');

  switch (event.eventType) {
    case 'interact_gift':
      problems.push(...creditProblems(event.toUserChanges, -pays.incr));
      break;
    case 'withdrawal':
      if (event.toUserChanges.length > 0) wrong('to_user_changes', 'must be empty for a withdrawal');
      break;
    default:
      wrong('event_type', `${event.eventType} is not decided by ChangeAssets`);
  }
  return problems;
}

function creditProblems(credits: readonly AssetChange[], paid: bigint): FieldViolation[] {
  if (credits.length === 0) return [{ field: 'to_user_changes', description: 'must name a recipient' }];
  if (credits.length > RECIPIENTS_MAX)
    return [{ field: 'to_user_changes', description: `must be at most ${RECIPIENTS_MAX}` }];
  const problems: FieldViolation[] = [];
  let total = 0n;
  const seen = new Set<bigint>();
  credits.forEach((credit, index) => {
    const field = `to_user_changes[${index}]`;
    if (!isId(credit.userId)) problems.push({ field: `${field}.user_id`, description: 'must be a positive int64' });
    if (seen.has(credit.userId)) problems.push({ field: `${field}.user_id`, description: 'is named twice' });
    seen.add(credit.userId);
    if (credit.incr <= 0n || credit.incr > AMOUNT_MAX)
      problems.push({ field: `${field}.incr`, description: 'must be positive, below 2^53' });
    total += credit.incr;
  });
  if (total !== paid)
    problems.push({ field: 'to_user_changes', description: `recipients get ${total} and the op user pays ${paid}` });
  return problems;
}

import type { FieldViolation } from '@giftmesh/kernel-errors';
import { isId, isUuidV7 } from '@giftmesh/kernel-ids';
import { AMOUNT_MAX, type AssetChange } from './assets';
import { RECIPIENTS_MAX, TEXT_BYTES_MAX, type AssetEvent } from './event';

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

type OnWrong = (field: string, description: string) => void;

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
  const wrong: OnWrong = (field, description) => void problems.push({ field, description });

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
      addCreditProblems(event.toUserChanges, -pays.incr, wrong);
      break;
    case 'withdrawal':
      if (event.toUserChanges.length > 0) wrong('to_user_changes', 'must be empty for a withdrawal');
      break;
    default:
      wrong('event_type', `${event.eventType} is not decided by ChangeAssets`);
  }
  return problems;
}

function addCreditProblems(credits: readonly AssetChange[], paid: bigint, wrong: OnWrong): void {
  if (credits.length === 0) return wrong('to_user_changes', 'must name a recipient');
  if (credits.length > RECIPIENTS_MAX) return wrong('to_user_changes', `must be at most ${RECIPIENTS_MAX}`);
  let total = 0n;
  credits.forEach(({ userId, incr }, index) => {
    if (!isId(userId)) wrong(`to_user_changes[${index}].user_id`, 'must be a positive int64');
    // Few recipients: looking back costs less than a set.
    for (let before = 0; before < index; before += 1)
      if (credits[before]?.userId === userId) {
        wrong(`to_user_changes[${index}].user_id`, 'is named twice');
        break;
      }
    if (incr <= 0n || incr > AMOUNT_MAX) wrong(`to_user_changes[${index}].incr`, 'must be positive, below 2^53');
    total += incr;
  });
  if (total !== paid) wrong('to_user_changes', `recipients get ${total} and the op user pays ${paid}`);
}

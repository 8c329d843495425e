import { AMOUNT_MAX, isShortText, placeInWindow, TEXT_BYTES_MAX, type AcceptanceWindow } from '@giftmesh/domain-money';
import type { FieldViolation } from '@giftmesh/kernel-errors';
import { isId, isUuidV7 } from '@giftmesh/kernel-ids';
import type { GiftCatalogue } from './catalogue';
import type { Gift } from './gift';
import { costOf, type GiftOrder } from './gift-order';
import type { InteractionReason } from './interaction-errors';
import type { Room, RoomDirectory } from './rooms';

/** What is wrong with one field, and what that is called. */
export interface OrderProblem extends FieldViolation {
  readonly reason: InteractionReason;
}

export type CheckedOrder =
  /** Everything is in order. `recipientIds` is never empty. */
  | { readonly kind: 'good'; readonly gift: Gift; readonly room: Room; readonly recipientIds: readonly bigint[] }
  | { readonly kind: 'gift_not_found' }
  | { readonly kind: 'room_not_found' }
  /** All that is wrong with the fields, at least one. */
  | { readonly kind: 'invalid'; readonly problems: readonly OrderProblem[] };

/** What an order is checked against. */
export interface OrderRules {
  readonly catalogue: GiftCatalogue;
  readonly rooms: RoomDirectory;
  readonly window: AcceptanceWindow;
}

/**
 * Checks an order: first the form of its fields, then that gift and room exist, then the gift's and the room's rules.
 * An event id that is too old is no problem here: whoever keeps the records answers it.
 */
export function checkOrder(order: GiftOrder, rules: OrderRules, nowMs: number): CheckedOrder {
  const problems = formProblems(order, rules.window, nowMs);
  if (problems !== undefined) return { kind: 'invalid', problems };
  const gift = rules.catalogue.find(order.giftId);
  if (gift === undefined) return { kind: 'gift_not_found' };
  const room = rules.rooms.find(order.roomId);
  if (room === undefined) return { kind: 'room_not_found' };
  const recipientIds = order.recipientIds.length === 0 ? [room.hostId] : order.recipientIds;
  const broken = brokenRules(order, gift, room, recipientIds);
  return broken === undefined ? { kind: 'good', gift, room, recipientIds } : { kind: 'invalid', problems: broken };
}

/** Undefined for none, so that a good order costs no allocation. */
function formProblems(order: GiftOrder, window: AcceptanceWindow, nowMs: number): OrderProblem[] | undefined {
  let problems: OrderProblem[] | undefined;
  const wrong = (reason: InteractionReason, field: string, description: string): void =>
    void (problems ??= []).push({ reason, field, description });

  if (!isUuidV7(order.eventId))
    wrong('EVENT_ID_MALFORMED', 'event_id', 'must be a UUIDv7 in canonical lower-case text');
  else if (placeInWindow(order.eventId, nowMs, window) === 'future')
    wrong('EVENT_ID_IN_FUTURE', 'event_id', `was made more than ${window.futureMs} ms ahead of the server's time`);
  if (!isId(order.viewerId)) wrong('ID_OUT_OF_RANGE', 'viewer_id', 'must be a positive int64');
  if (!isId(order.roomId)) wrong('ID_OUT_OF_RANGE', 'room_id', 'must be a positive int64');
  if (!(order.giftId > 0)) wrong('ID_OUT_OF_RANGE', 'gift_id', 'must be a positive int32');
  if (!Number.isInteger(order.count) || order.count < 1) wrong('COUNT_OUT_OF_RANGE', 'count', 'must be at least 1');
  if (!isShortText(order.comboKey))
    wrong('COMBO_KEY_MALFORMED', 'combo_key', `must be at most ${TEXT_BYTES_MAX} bytes of printable ASCII`);
  return problems;
}

function brokenRules(
  order: GiftOrder,
  gift: Gift,
  room: Room,
  recipientIds: readonly bigint[],
): OrderProblem[] | undefined {
  if (recipientIds.length > gift.maxRecipients)
    return [
      {
        reason: 'TOO_MANY_RECIPIENTS',
        field: 'recipient_ids',
        description: `must be at most ${gift.maxRecipients} for this gift, are ${recipientIds.length}`,
      },
    ];
  let problems: OrderProblem[] | undefined;
  const wrong = (reason: InteractionReason, field: string, description: string): void =>
    void (problems ??= []).push({ reason, field, description });

  if (order.count > gift.maxCount)
    wrong('COUNT_OUT_OF_RANGE', 'count', `must be at most ${gift.maxCount} for this gift`);
  recipientIds.forEach((recipientId, index) => {
    const field = order.recipientIds.length === 0 ? 'recipient_ids' : `recipient_ids[${index}]`;
    if (!isId(recipientId)) wrong('ID_OUT_OF_RANGE', field, 'must be a positive int64');
    else if (!room.streamerIds.includes(recipientId))
      wrong('RECIPIENT_NOT_IN_ROOM', field, 'is no streamer of this room');
    else if (recipientIds.indexOf(recipientId) < index) wrong('DUPLICATE_RECIPIENT', field, 'is named twice');
    else if (recipientId === order.viewerId && !gift.selfGiftAllowed)
      wrong('SELF_GIFT_NOT_ALLOWED', field, 'is the viewer herself, which this gift does not allow');
  });
  if (problems === undefined && costOf(gift, order.count, recipientIds.length) > AMOUNT_MAX)
    wrong('AMOUNT_OVERFLOW', 'count', 'makes the gift cost 2^53 coins or more');
  return problems;
}

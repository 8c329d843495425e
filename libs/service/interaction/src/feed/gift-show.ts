import { comboIdOf, type ComboTracker, type GiftCatalogue } from '@giftmesh/domain-gifts';
import type { DecidedEvent } from '@giftmesh/domain-money';
import type { RoomHub } from '../hub/room-hub';
import type { ShownGift } from '../hub/tick-show';

/** Shows gifts of the log to rooms, with their combos. */
export class GiftShow {
  constructor(
    private readonly hub: RoomHub,
    private readonly combos: ComboTracker,
    private readonly catalogue: GiftCatalogue,
  ) {}

  /** A gift that took effect. @param nowMs Unix milliseconds. */
  show(decided: DecidedEvent, nowMs: number): void {
    this.hub.showGift(decided.event.bizId, shownGift(decided, this.catalogue, this.combos, nowMs));
  }

  /** Behind the last gift of a delivery. */
  endTurn(): void {
    this.hub.endTurn();
  }
}

function shownGift(
  { event, decidedAtMs }: DecidedEvent,
  catalogue: GiftCatalogue,
  combos: ComboTracker,
  nowMs: number,
): ShownGift {
  const giftId = Number(event.objId);
  const gift = catalogue.find(giftId);
  const recipientIds = event.toUserChanges.map(({ userId }) => userId);
  const { comboKey, eventId, opUserId: viewerId } = event;
  const shown: ShownGift = {
    viewerId,
    giftId,
    recipientIds,
    count: event.quantity,
    coins: -event.opUserChange.incr,
    effect: gift?.effect ?? '',
    combo: undefined,
  };
  const windowMs = gift?.comboWindowMs ?? 0;
  if (comboKey === '' || windowMs === 0) return shown;
  const comboId = comboIdOf({ viewerId, roomId: event.bizId, giftId, comboKey }, recipientIds);
  // What reaches the feed late must not begin a combo that is over for everybody else.
  const isLate = nowMs - decidedAtMs > windowMs;
  const comboCount = isLate
    ? combos.countOf(eventId, viewerId)
    : combos.add(comboId, eventId, viewerId, event.quantity, windowMs);
  return { ...shown, combo: { comboId, comboKey, comboCount } };
}

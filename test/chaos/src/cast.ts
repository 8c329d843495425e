import { common, type interaction } from '@giftmesh/contract';
import type { Random } from '@giftmesh/kernel-random';

const { AssetType, BizType, EventType } = common;

/** Rooms of the seeded directory, a few an epoch: an epoch's streamers are nobody else's. */
export const ROOMS_MAX = 100;
const ROOMS_PER_EPOCH = 4;
/** Epochs that one data folder can have. */
export const EPOCHS_PER_FOLDER = ROOMS_MAX / ROOMS_PER_EPOCH;
const VIEWERS = 40;
/** Viewers that get a few coins at a time, and run out of them. */
const POOR_VIEWERS = 16;
const FIRST_VIEWER = 1_000_000n;
const VIEWERS_APART = 1_000n;
/** A gift that costs more than this with all its recipients is rarely sent. */
const USUAL_COST_MAX = 2_000n;
/** Gift events of a combo key. */
const COMBO_KEYS = 5;

/** Rooms, users and gifts of one epoch. */
export interface Cast {
  readonly rooms: readonly interaction.Room[];
  readonly viewers: readonly bigint[];
  readonly poor: ReadonlySet<bigint>;
  readonly streamers: readonly bigint[];
  readonly gifts: readonly interaction.Gift[];
}

/** The ids of the rooms of an epoch. */
export function roomIdsOf(epoch: number): bigint[] {
  const first = (epoch % EPOCHS_PER_FOLDER) * ROOMS_PER_EPOCH + 1;
  return Array.from({ length: ROOMS_PER_EPOCH }, (_, index) => BigInt(first + index));
}

/** Puts the cast of an epoch together. */
export function castOf(epoch: number, rooms: readonly interaction.Room[], gifts: readonly interaction.Gift[]): Cast {
  const first = FIRST_VIEWER + BigInt(epoch) * VIEWERS_APART;
  const viewers = Array.from({ length: VIEWERS }, (_, index) => first + BigInt(index));
  return {
    rooms,
    viewers,
    poor: new Set(viewers.slice(0, POOR_VIEWERS)),
    streamers: [...new Set(rooms.flatMap((room) => room.streamerIds))],
    gifts,
  };
}

/** Everybody who may have an account. */
export const usersOf = (cast: Cast): bigint[] => [...cast.viewers, ...cast.streamers];

/** What somebody might send: mostly to the hot streamer of the first room, mostly cheap, at times to several. */
export function drawGift(
  cast: Cast,
  random: Random,
  eventId: string,
  payer: bigint | undefined = undefined,
): interaction.SendGiftRequest {
  const room = random.chance(0.7) ? (cast.rooms[0] as interaction.Room) : random.pick(cast.rooms);
  const viewerId = payer ?? random.pick(random.chance(0.9) ? cast.viewers : room.streamerIds);
  const others = room.streamerIds.filter((streamer) => streamer !== viewerId);
  let recipientIds: bigint[] = [];
  if (random.chance(0.25)) recipientIds = others.filter(() => random.chance(0.5));
  // Empty names the host; she can't give to herself.
  if (recipientIds.length === 0 && (viewerId === room.hostId || random.chance(0.3))) recipientIds = others.slice(0, 1);
  const recipients = BigInt(Math.max(1, recipientIds.length));
  const affordable = cast.gifts.filter((gift) => gift.price * recipients <= USUAL_COST_MAX);
  const gift = random.pick(random.chance(0.97) ? affordable : cast.gifts);
  const count = random.chance(0.8) ? 1 : random.integer(2, Math.min(gift.maxCount, 9));
  const comboKey = random.chance(0.3) ? `combo-${random.integer(1, COMBO_KEYS)}` : '';
  // A room with one streamer, who can't give to herself: she gives elsewhere.
  if (others.length === 0 && viewerId === room.hostId) {
    const other = cast.rooms.find(({ roomId }) => roomId !== room.roomId) as interaction.Room;
    return { eventId, viewerId, roomId: other.roomId, giftId: gift.giftId, count, recipientIds: [], comboKey };
  }
  return { eventId, viewerId, roomId: room.roomId, giftId: gift.giftId, count, recipientIds, comboKey };
}

/** What the books must show of a gift: priced here, from what ListGifts said. */
export function expectedEvent(cast: Cast, request: interaction.SendGiftRequest): common.AssetEvent {
  const gift = cast.gifts.find(({ giftId }) => giftId === request.giftId);
  const room = cast.rooms.find(({ roomId }) => roomId === request.roomId);
  if (gift === undefined || room === undefined) throw new Error(`gift ${request.giftId} in room ${request.roomId}?`);
  const recipients = request.recipientIds.length === 0 ? [room.hostId] : request.recipientIds;
  const each = gift.price * BigInt(request.count);
  return {
    eventId: request.eventId,
    opUserId: request.viewerId,
    eventType: EventType.INTERACT_GIFT,
    bizId: request.roomId,
    bizType: BizType.LIVE,
    objId: String(request.giftId),
    opUserChange: {
      userId: request.viewerId,
      assetType: AssetType.COIN,
      incr: -each * BigInt(recipients.length),
    },
    toUserChanges: recipients.map((userId) => ({ userId, assetType: AssetType.COIN, incr: each })),
    quantity: request.count,
    comboKey: request.comboKey,
  };
}

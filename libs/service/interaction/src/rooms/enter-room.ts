import type { common, interaction } from '@giftmesh/contract';
import { POINTS_FOR_ENTERING, utcDayOf } from '@giftmesh/domain-gifts';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { currentCall } from '@giftmesh/mesh-context';
import { refuseIfOver } from '../gifts/send-gift';
import type { RoomHub } from '../hub/room-hub';
import type { InteractionPorts } from '../ports';
import { paymentRefusal, refusal, refuse } from '../refusal';
import { Fields, roomOrThrow } from './fields';

/**
 * The handler of EnterRoom. Loads the viewer's balances into the station ahead of her first gift, and counts the entrance. Without
 * the station nobody enters: a room where no gift can be sent is told as such.
 */
export function enterRoomHandler(ports: InteractionPorts, hub: RoomHub) {
  return async (request: interaction.EnterRoomRequest): Promise<interaction.EnterRoomResponse> => {
    refuseIfOver(currentCall());
    const { roomId, viewerId } = request;
    const fields = new Fields();
    fields.id('room_id', roomId);
    fields.id('viewer_id', viewerId);
    fields.done();
    const room = roomOrThrow(ports.rooms, roomId);
    // Before everything else: a gift that is shown while the answer is made belongs behind the token.
    const resumeToken = hub.enter(roomId);
    const assets = await loadAssets(ports, viewerId);
    const activityPoints = await enter(ports, roomId, viewerId);
    return {
      room: { roomId, title: room.title, hostId: room.hostId, streamerIds: [...room.streamerIds] },
      assets,
      activityPoints,
      resumeToken,
    };
  };
}

async function loadAssets({ payments }: InteractionPorts, viewerId: bigint): Promise<common.Asset[]> {
  try {
    const { users } = await payments.getAssets({ userIds: [viewerId], cachedOnly: false });
    return users.find(({ userId }) => userId === viewerId)?.assets ?? [];
  } catch (error) {
    if (error instanceof StatusError) throw error;
    const more = { retryDelayMs: 500, cause: error };
    return refuse(paymentRefusal('DEPENDENCY_AWAY', StatusCode.UNAVAILABLE, 'balances can not be read', more));
  }
}

async function enter({ activity, clock }: InteractionPorts, roomId: bigint, viewerId: bigint): Promise<bigint> {
  try {
    await activity.enter(roomId, viewerId, utcDayOf(clock.nowMs()), POINTS_FOR_ENTERING);
    return await activity.points(roomId, viewerId);
  } catch (cause) {
    return activityAway(cause);
  }
}

/** Throws UNAVAILABLE: rankings and points can't be read or written. */
export function activityAway(cause: unknown): never {
  const more = { retryDelayMs: 500, cause };
  return refuse(refusal('ACTIVITY_AWAY', StatusCode.UNAVAILABLE, 'points and rankings can not be read', more));
}

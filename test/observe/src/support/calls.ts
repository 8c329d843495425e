import { randomInt } from 'node:crypto';
import { common, interaction } from '@giftmesh/contract';
import { uuidV7Source } from '@giftmesh/kernel-ids';
import { seededRandom } from '@giftmesh/kernel-random';
import { sleep, systemClock } from '@giftmesh/kernel-time';
import type { MeshClients } from '@giftmesh/test-harness';

/** The room of the tests; it has ten streamers. */
export const ROOM = 1n;

const newEventId = uuidV7Source(systemClock, seededRandom(randomInt(2 ** 31)));
let lastUser = 1_000_000n + BigInt(randomInt(2 ** 31));

/** A user whom nobody has seen yet. */
export function newUser(): bigint {
  return (lastUser += 1n);
}

/** A gift of one coin to the host. */
export function giftOf(viewerId: bigint, count = 1): interaction.SendGiftRequest {
  return { eventId: newEventId(), viewerId, roomId: ROOM, giftId: 1, count, recipientIds: [], comboKey: '' };
}

/** A new viewer with coins. */
export async function viewerWith(mesh: Pick<MeshClients, 'station'>, amount: bigint): Promise<bigint> {
  const userId = newUser();
  await mesh.station.call.applyOrder({
    eventId: newEventId(),
    userId,
    eventType: common.EventType.ORDER_WX,
    orderId: userId,
    outsideTransactionId: `receipt-${userId}`,
    assetType: common.AssetType.COIN,
    amount,
  });
  return userId;
}

/** Rooms' rankings of viewers. */
export const RANKING = {
  roomId: ROOM,
  kind: interaction.LeaderboardKind.VIEWERS,
  period: interaction.LeaderboardPeriod.TOTAL,
  limit: 10,
};

/** Tries again until `check` throws nothing any more; then what it returned. Throws its last error after `timeoutMs`. */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs: number, pauseMs = 100): Promise<T> {
  const endMs = systemClock.monotonicMs() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (systemClock.monotonicMs() >= endMs) throw error;
      await sleep(systemClock, pauseMs);
    }
  }
}

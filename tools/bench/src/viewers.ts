import { randomInt } from 'node:crypto';
import { credentials, Metadata } from '@grpc/grpc-js';
import { common, station } from '@giftmesh/contract';
import { seededCatalogue, seededRooms } from '@giftmesh/domain-gifts';
import { uuidV7Source } from '@giftmesh/kernel-ids';
import { seededRandom } from '@giftmesh/kernel-random';
import { systemClock } from '@giftmesh/kernel-time';
import type { GiftWorkload } from '@giftmesh/tool-load';

/** Viewers have ids from here on: none that the seeded rooms use. */
const FIRST_VIEWER_ID = 2_000_000_000n;
/** More than anyone spends in a run. */
const COINS_EACH = 2n ** 45n;
const RECHARGES_IN_FLIGHT = 64;
const RECHARGE_DEADLINE_MS = 30_000;
/** The big stage: ten streamers. */
const ROOM_ID = 1n;
/** Cheap gifts are what rooms are full of; the dearest would only make balances longer. */
const PRICE_MAX = 1000n;

/** Gifts on the big stage at real prices, cheap ones more often. */
export function stageWorkload(viewers: number, seed: number): GiftWorkload {
  const room = seededRooms().find(ROOM_ID);
  if (room === undefined) throw new Error(`there is no room ${ROOM_ID}`);
  const gifts = seededCatalogue().gifts.filter(({ price }) => price <= PRICE_MAX);
  return {
    firstViewerId: `${FIRST_VIEWER_ID}`,
    viewers,
    seed,
    gifts: gifts.map(({ giftId, price }) => ({
      giftId,
      roomId: `${ROOM_ID}`,
      recipientIds: room.streamerIds.map(String),
      weight: 1 / Number(price),
    })),
  };
}

/** Recharges every viewer of a workload through the payment station at `address`. Rejects with the first refusal. */
export async function recharge(address: string, { firstViewerId, viewers }: GiftWorkload): Promise<void> {
  const client = new station.PaymentStationServiceClient(address, credentials.createInsecure());
  const newEventId = uuidV7Source(systemClock, seededRandom(randomInt(2 ** 31)));
  const applyOrder = (index: number): Promise<void> =>
    new Promise((resolve, reject) => {
      client.applyOrder(
        {
          eventId: newEventId(),
          userId: BigInt(firstViewerId) + BigInt(index),
          eventType: common.EventType.ORDER_APPLE,
          orderId: BigInt(index + 1),
          outsideTransactionId: `bench-${index}`,
          assetType: common.AssetType.COIN,
          amount: COINS_EACH,
        },
        new Metadata(),
        { deadline: Date.now() + RECHARGE_DEADLINE_MS },
        (error) => (error === null ? resolve() : reject(error)),
      );
    });
  try {
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < viewers) await applyOrder(next++);
    };
    await Promise.all(Array.from({ length: Math.min(RECHARGES_IN_FLIGHT, viewers) }, worker));
  } finally {
    client.close();
  }
}

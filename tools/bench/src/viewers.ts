import { randomInt } from 'node:crypto';
import { credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { common, station } from '@giftmesh/contract';
import { seededCatalogue, seededRooms, type Room } from '@giftmesh/domain-gifts';
import { uuidV7Source } from '@giftmesh/kernel-ids';
import { seededRandom } from '@giftmesh/kernel-random';
import { systemClock } from '@giftmesh/kernel-time';
import type { GiftWorkload } from '@giftmesh/tool-load';

/** Viewers have ids from here on: none that the seeded rooms use. */
const FIRST_VIEWER_ID = 2_000_000_000n;
/** What each viewer has: more than anyone spends in a run. */
export const COINS_EACH = 2n ** 45n;
const RECHARGES_IN_FLIGHT = 64;
/** On real servers, where each is a transaction that syncs: no more at a time than the ledger has connections. */
export const REAL_RECHARGES_IN_FLIGHT = 8;
/** A recharge whose answer did not come in time may have been done, and is sent again as it was. */
const RECHARGE_ATTEMPTS_MAX = 10;
const RECHARGE_DEADLINE_MS = 30_000;
/** The big stage: ten streamers. */
export const STAGE_ID = 1n;
/** Cheap gifts are what rooms are full of; the dearest would only make balances longer. */
const PRICE_MAX = 1000n;

/** The one who gets all gifts of {@link hotWorkload}: the host of the big stage. */
export function hotStreamerId(): bigint {
  return stage().hostId;
}

/** Gifts on the big stage at real prices, cheap ones more often. */
export function stageWorkload(viewers: number, seed: number): GiftWorkload {
  return workloadFor(viewers, seed, stage().streamerIds);
}

/** The same, and all of them to one streamer. */
export function hotWorkload(viewers: number, seed: number): GiftWorkload {
  return workloadFor(viewers, seed, [hotStreamerId()]);
}

function stage(): Room {
  const room = seededRooms().find(STAGE_ID);
  if (room === undefined) throw new Error(`there is no room ${STAGE_ID}`);
  return room;
}

function workloadFor(viewers: number, seed: number, streamerIds: readonly bigint[]): GiftWorkload {
  const gifts = seededCatalogue().gifts.filter(({ price }) => price <= PRICE_MAX);
  return {
    firstViewerId: `${FIRST_VIEWER_ID}`,
    viewers,
    seed,
    gifts: gifts.map(({ giftId, price }) => ({
      giftId,
      roomId: `${STAGE_ID}`,
      recipientIds: streamerIds.map(String),
      weight: 1 / Number(price),
    })),
  };
}

/** The ids of all viewers of a workload. */
export function viewerIds({ firstViewerId, viewers }: GiftWorkload): bigint[] {
  return Array.from({ length: viewers }, (_, index) => BigInt(firstViewerId) + BigInt(index));
}

/** Recharges every viewer of a workload through the payment station at `address`. Rejects with the first refusal. */
export async function recharge(
  address: string,
  { firstViewerId, viewers }: Pick<GiftWorkload, 'firstViewerId' | 'viewers'>,
  inFlight = RECHARGES_IN_FLIGHT,
): Promise<void> {
  const client = new station.PaymentStationServiceClient(address, credentials.createInsecure());
  const newEventId = uuidV7Source(systemClock, seededRandom(randomInt(2 ** 31)));
  const applyOrder = (index: number, eventId = newEventId(), attempt = 1): Promise<void> =>
    new Promise((resolve, reject) => {
      const again = (error: ServiceError): void =>
        error.code === status.DEADLINE_EXCEEDED && attempt < RECHARGE_ATTEMPTS_MAX
          ? resolve(applyOrder(index, eventId, attempt + 1))
          : reject(error);
      client.applyOrder(
        {
          eventId,
          userId: BigInt(firstViewerId) + BigInt(index),
          eventType: common.EventType.ORDER_APPLE,
          orderId: BigInt(index + 1),
          outsideTransactionId: `bench-${index}`,
          assetType: common.AssetType.COIN,
          amount: COINS_EACH,
        },
        new Metadata(),
        { deadline: Date.now() + RECHARGE_DEADLINE_MS },
        (error) => (error === null ? resolve() : again(error)),
      );
    });
  try {
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < viewers) await applyOrder(next++);
    };
    await Promise.all(Array.from({ length: Math.min(inFlight, viewers) }, worker));
  } finally {
    client.close();
  }
}

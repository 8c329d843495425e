import { randomInt } from 'node:crypto';
import { common } from '@giftmesh/contract';
import { uuidV7Source } from '@giftmesh/kernel-ids';
import { seededRandom } from '@giftmesh/kernel-random';
import { sleep, systemClock } from '@giftmesh/kernel-time';
import type { MeshClients } from '@giftmesh/test-harness';

const PAUSE_MS = 50;
const newEventId = uuidV7Source(systemClock, seededRandom(randomInt(2 ** 31)));

/** A new viewer buys coins, sends one of them, and is asked what she has left: by the station, and by the ledger. */
export async function payOneGift({ interaction, station, da }: MeshClients): Promise<readonly (bigint | undefined)[]> {
  const userId = 1_000_000n + BigInt(randomInt(2 ** 31));
  await station.call.applyOrder({
    eventId: newEventId(),
    userId,
    eventType: common.EventType.ORDER_WX,
    orderId: userId,
    outsideTransactionId: `receipt-${userId}`,
    assetType: common.AssetType.COIN,
    amount: 10n,
  });
  const gift = { viewerId: userId, roomId: 1n, giftId: 1, count: 1, recipientIds: [], comboKey: '' };
  await interaction.call.sendGift({ eventId: newEventId(), ...gift });
  const { users } = await station.call.getAssets({ userIds: [userId], cachedOnly: false });
  const { accounts } = await da.call.loadAssets({ userIds: [userId], decidedSinceMs: 0n });
  const inLedger = accounts[0]?.assets.find(({ assetType }) => assetType === common.AssetType.COIN);
  return [
    users[0]?.assets.find(({ assetType }) => assetType === common.AssetType.COIN)?.balance,
    inLedger && inLedger.credited - inLedger.reversed - inLedger.debited,
  ];
}

/** Tries again until the check throws nothing any more. Throws its last error after `timeoutMs`. */
export async function eventually<T>(check: () => Promise<T>, timeoutMs: number): Promise<T> {
  const endMs = systemClock.monotonicMs() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (systemClock.monotonicMs() >= endMs) throw error;
      await sleep(systemClock, PAUSE_MS);
    }
  }
}

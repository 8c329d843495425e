import { common } from '@giftmesh/contract';
import type { Random } from '@giftmesh/kernel-random';
import type { MeshClients } from './mesh-clients';
import type { Tally } from './tally';

const SHOPS = [
  common.EventType.ORDER_APPLE,
  common.EventType.ORDER_WX,
  common.EventType.ORDER_ALIPAY,
  common.EventType.ORDER_DOUYIN,
] as const;

/** What the cashier works with. */
export interface CashierOptions {
  readonly station: MeshClients['station'];
  readonly tally: Tally;
  readonly random: Random;
  readonly newEventId: () => string;
}

/** Sells coins: orders of outside shops that the payment station applies. */
export class Cashier {
  readonly #options: CashierOptions;
  #orders = 0;

  constructor(options: CashierOptions) {
    this.#options = options;
  }

  /** Rejects with the station's StatusError. */
  async recharge(viewerId: bigint, coins: bigint): Promise<void> {
    const { station, tally, random, newEventId } = this.#options;
    const order = (this.#orders += 1);
    const { duplicate } = await station.applyOrder({
      eventId: newEventId(),
      userId: viewerId,
      eventType: random.pick(SHOPS),
      orderId: BigInt(order),
      outsideTransactionId: `demo-${order}`,
      assetType: common.AssetType.COIN,
      amount: coins,
    });
    if (duplicate) tally.addWrong('an order was called a duplicate');
    tally.recharges += 1;
    tally.recharged += coins;
  }
}

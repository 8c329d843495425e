import { common, type interaction, type station } from '@giftmesh/contract';
import type { MeshClients } from '@giftmesh/test-harness';
import { newEventId, newUser } from './ids';

/** The room that the tests use: the big stage with ten streamers. */
export const ROOM = 1n;
export const HOST = 9_000_001n;
/** Streamers of {@link ROOM}, the host included. */
export const STREAMERS = Array.from({ length: 10 }, (_, index) => HOST + BigInt(index));
/** A gift of one coin, with combos. */
export const COIN_GIFT = 1;
/** The most of {@link COIN_GIFT} that one event takes. */
export const COIN_GIFT_COUNT_MAX = 1_314;

/** A gift of one coin to the host by a user of her own. */
export function giftOf(changes: Partial<interaction.SendGiftRequest> = {}): interaction.SendGiftRequest {
  return {
    eventId: newEventId(),
    viewerId: newUser(),
    roomId: ROOM,
    giftId: COIN_GIFT,
    count: 1,
    recipientIds: [],
    comboKey: '',
    ...changes,
  };
}

let transactions = 0;

/** A paid order of 1,000 coins. */
export function orderOf(changes: Partial<station.ApplyOrderRequest> = {}): station.ApplyOrderRequest {
  transactions += 1;
  return {
    eventId: newEventId(),
    userId: newUser(),
    eventType: common.EventType.ORDER_WX,
    orderId: BigInt(transactions),
    outsideTransactionId: `receipt-${process.pid}-${transactions}`,
    assetType: common.AssetType.COIN,
    amount: 1_000n,
    ...changes,
  };
}

/** What {@link eventOf} builds a gift event from. */
export interface EventParts {
  readonly payer: bigint;
  readonly payees: readonly bigint[];
  /** What each payee gets. */
  readonly each: bigint;
}

/** A gift event as Interaction sends it to the station. */
export function eventOf(
  { payer, payees, each }: EventParts,
  changes: Partial<common.AssetEvent> = {},
): common.AssetEvent {
  const assetType = common.AssetType.COIN;
  return {
    eventId: newEventId(),
    opUserId: payer,
    eventType: common.EventType.INTERACT_GIFT,
    bizId: ROOM,
    bizType: common.BizType.LIVE,
    objId: String(COIN_GIFT),
    opUserChange: { userId: payer, assetType, incr: -each * BigInt(payees.length) },
    toUserChanges: payees.map((userId) => ({ userId, assetType, incr: each })),
    quantity: 1,
    comboKey: '',
    ...changes,
  };
}

/** A new viewer with coins. */
export async function viewerWith(mesh: Pick<MeshClients, 'station'>, amount: bigint): Promise<bigint> {
  const userId = newUser();
  await recharge(mesh, userId, amount);
  return userId;
}

export async function recharge(mesh: Pick<MeshClients, 'station'>, userId: bigint, amount: bigint): Promise<void> {
  await mesh.station.call.applyOrder(orderOf({ userId, amount }));
}

/** The whole catalogue. */
export async function allGifts(mesh: Pick<MeshClients, 'interaction'>): Promise<interaction.Gift[]> {
  const gifts: interaction.Gift[] = [];
  let pageToken = '';
  do {
    const page = await mesh.interaction.call.listGifts({ roomId: ROOM, pageSize: 500, pageToken });
    gifts.push(...page.gifts);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return gifts;
}

/** A user's coins, as the station has them. */
export async function balanceOf(mesh: Pick<MeshClients, 'station'>, userId: bigint): Promise<bigint> {
  const { users } = await mesh.station.call.getAssets({ userIds: [userId], cachedOnly: false });
  return users[0]?.assets.find(({ assetType }) => assetType === common.AssetType.COIN)?.balance ?? 0n;
}

/** A user's coins, as the ledger has them once it has applied all that stands in the log. */
export async function ledgerBalanceOf(mesh: Pick<MeshClients, 'da'>, userId: bigint): Promise<bigint> {
  const { accounts } = await mesh.da.call.loadAssets({ userIds: [userId], decidedSinceMs: 0n });
  const coins = accounts[0]?.assets.find(({ assetType }) => assetType === common.AssetType.COIN);
  return coins === undefined ? 0n : coins.credited - coins.reversed - coins.debited;
}

/** All records of a user, newest first, behind the ledger's read barrier. */
export async function recordsOf(mesh: Pick<MeshClients, 'da'>, userId: bigint): Promise<common.AssetRecord[]> {
  await mesh.da.call.loadAssets({ userIds: [userId], decidedSinceMs: 0n });
  const records: common.AssetRecord[] = [];
  let pageToken = '';
  do {
    const page = await mesh.da.call.listAssetRecords({ userId, pageSize: 200, pageToken });
    records.push(...page.records);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return records;
}

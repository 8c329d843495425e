import type { Gift } from '@giftmesh/domain-gifts';
import type { PlannedGift } from '../script/evening';

/** What somebody gave or got. */
export interface Share {
  coins: bigint;
  gifts: number;
  dearest: Gift;
}

/** What the audience was told, counted as it comes. */
export class Tally {
  /** Events, each with an id of its own. */
  sent = 0;
  applied = 0;
  refused = 0;
  /** Events that never got an answer. */
  unknown = 0;
  /** Calls made again because the first one brought no answer. */
  retries = 0;
  /** Events that were sent again on purpose, after their answer. */
  repeated = 0;
  /** Paid by viewers. */
  coins = 0n;
  recharges = 0;
  recharged = 0n;
  /** Events in combos that were applied. */
  inCombos = 0;
  longestCombo = 0;
  toSeveral = 0;
  readonly latenciesMs: number[] = [];
  readonly byViewer = new Map<bigint, Share>();
  readonly byStreamer = new Map<bigint, Share>();
  readonly coinsByRoom = new Map<bigint, bigint>();
  /** Answers that should not have been, by what was wrong with them. */
  readonly wrong = new Map<string, number>();

  /** Events with an answer. */
  get decided(): number {
    return this.applied + this.refused;
  }

  /** Counts an applied gift. */
  addApplied({ gift, viewer, recipientIds, count, comboKey, coins }: PlannedGift, comboCount: number): void {
    this.applied += 1;
    this.coins += coins;
    const { roomId } = viewer.favourite.room;
    this.coinsByRoom.set(roomId, (this.coinsByRoom.get(roomId) ?? 0n) + coins);
    addShare(this.byViewer, viewer.viewerId, gift, coins);
    for (const recipientId of recipientIds) addShare(this.byStreamer, recipientId, gift, gift.price * BigInt(count));
    if (comboKey !== '') this.inCombos += 1;
    if (recipientIds.length > 1) this.toSeveral += 1;
    this.longestCombo = Math.max(this.longestCombo, comboCount);
  }

  /** Counts an answer that can't be right. */
  addWrong(what: string): void {
    this.wrong.set(what, (this.wrong.get(what) ?? 0) + 1);
  }

  /** The latency below which a share of the answers came, milliseconds; 0 without any. */
  latencyMs(share: number): number {
    const sorted = Float64Array.from(this.latenciesMs).sort();
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  }

  /** The share of the gifts that the most generous part of the audience gave. */
  shareOfTopGivers(part: number, viewers: number): number {
    const counts = [...this.byViewer.values()].map(({ gifts }) => gifts).sort((a, b) => b - a);
    const top = counts.slice(0, Math.max(1, Math.round(viewers * part))).reduce((sum, gifts) => sum + gifts, 0);
    return this.applied === 0 ? 0 : top / this.applied;
  }
}

function addShare(shares: Map<bigint, Share>, userId: bigint, gift: Gift, coins: bigint): void {
  const share = shares.get(userId);
  if (share === undefined) {
    shares.set(userId, { coins, gifts: 1, dearest: gift });
    return;
  }
  share.coins += coins;
  share.gifts += 1;
  if (gift.price > share.dearest.price) share.dearest = gift;
}

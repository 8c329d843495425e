import { interaction } from '@giftmesh/contract';
import { seededRandom, type Random } from '@giftmesh/kernel-random';

/** A gift to send, and how often compared with the others. */
export interface WeightedGift {
  readonly giftId: number;
  readonly roomId: string;
  /** Who may get it; each request names one of them, the first ones more often. */
  readonly recipientIds: readonly string[];
  readonly weight: number;
}

/** Who sends what to whom. Plain data, so that it can be sent to a load process; ids are decimal text. */
export interface GiftWorkload {
  /** Viewers have the ids from here on. */
  readonly firstViewerId: string;
  /** Number of viewers. A fifth of them sends 97 % of the gifts, as on real platforms. */
  readonly viewers: number;
  readonly gifts: readonly WeightedGift[];
  readonly seed: number;
}

/** Offset of the event id in an encoded SendGiftRequest: it is the first field, after its tag and length. */
export const EVENT_ID_OFFSET = 2;
const PLACEHOLDER = '00000000-0000-7000-8000-000000000000';
const GENEROUS_VIEWERS = 0.2;
const GENEROUS_GIFTS = 0.97;
const TOP_STREAMERS = 3;
const TOP_STREAMER_GIFTS = 0.77;

/** `count` encoded requests of a workload, drawn by its seed. Their event ids are to be overwritten. */
export function giftRequests(workload: GiftWorkload, count: number): Buffer[] {
  if (!Number.isInteger(workload.viewers) || workload.viewers < 1)
    throw new RangeError(`viewers must be a whole number of at least 1, is ${workload.viewers}`);
  if (workload.gifts.length === 0) throw new RangeError('gifts must not be empty');
  const random = seededRandom(workload.seed);
  const totalWeight = workload.gifts.reduce((sum, { weight }) => sum + weight, 0);
  return Array.from({ length: count }, () => {
    const gift = pickByWeight(random, workload.gifts, totalWeight);
    return Buffer.from(
      interaction.SendGiftRequest.encode({
        eventId: PLACEHOLDER,
        viewerId: BigInt(workload.firstViewerId) + BigInt(pickViewer(random, workload.viewers)),
        roomId: BigInt(gift.roomId),
        giftId: gift.giftId,
        count: 1,
        recipientIds: [BigInt(pickRecipient(random, gift.recipientIds))],
        comboKey: '',
      }).finish(),
    );
  });
}

function pickViewer(random: Random, viewers: number): number {
  const generous = Math.max(1, Math.floor(viewers * GENEROUS_VIEWERS));
  return random.chance(GENEROUS_GIFTS) || generous === viewers
    ? random.integer(0, generous - 1)
    : random.integer(generous, viewers - 1);
}

function pickRecipient(random: Random, recipientIds: readonly string[]): string {
  const top = recipientIds.slice(0, TOP_STREAMERS);
  return random.pick(random.chance(TOP_STREAMER_GIFTS) ? top : recipientIds);
}

function pickByWeight(random: Random, gifts: readonly WeightedGift[], totalWeight: number): WeightedGift {
  let left = random.next() * totalWeight;
  for (const gift of gifts) {
    left -= gift.weight;
    if (left < 0) return gift;
  }
  return random.pick(gifts);
}

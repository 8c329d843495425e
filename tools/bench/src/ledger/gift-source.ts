import { uuidV7Source } from '@giftmesh/kernel-ids';
import { seededRandom, type Random } from '@giftmesh/kernel-random';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { fingerprintOf, type AssetEvent, type DecidedEvent, type ShardMap } from '@giftmesh/domain-money';

/** Users who give. */
export const VIEWERS = 10_000;

const viewerId = (index: number): bigint => 1_000_000n + BigInt(index) * 7919n;
const streamerId = (index: number): bigint => 9_000_000_000n + BigInt(index);

/** All users who give. */
export const allViewers = (): bigint[] => Array.from({ length: VIEWERS }, (_, index) => viewerId(index));
/** All users who get. */
export const allStreamers = (count: number): bigint[] => Array.from({ length: count }, (_, index) => streamerId(index));

/** Gifts to be settled. */
export interface Workload {
  readonly name: string;
  readonly streamers: number;
}

/** The two that matter: everybody gives to one, or everybody to somebody else. */
export const WORKLOADS: readonly Workload[] = [
  { name: 'hot_streamer', streamers: 1 },
  { name: '10000_streamers', streamers: 10_000 },
];

/** Makes gifts with ids and numbers of debits that never come twice. */
export class GiftSource {
  readonly #random: Random;
  readonly #clock = new SimulatedClock(Date.UTC(2026, 0, 1));
  readonly #nextId: () => string;
  readonly #seqs = new Map<bigint, number>();

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#nextId = uuidV7Source(this.#clock, this.#random);
  }

  /** Gifts of 1 to 1,000 coins, which a streamer gets as diamonds. All viewers alike: the worst case for tables clustered by user. */
  take(count: number, { streamers }: Workload): DecidedEvent[] {
    return Array.from({ length: count }, () => {
      // About 20,000 gifts a second.
      this.#clock.advance(0.05);
      const opUserId = viewerId(this.#random.integer(0, VIEWERS - 1));
      const streamer = streamerId(this.#random.integer(0, streamers - 1));
      const incr = BigInt(this.#random.integer(1, 1_000));
      const seq = (this.#seqs.get(opUserId) ?? 0) + 1;
      this.#seqs.set(opUserId, seq);
      const event: AssetEvent = {
        eventId: this.#nextId(),
        opUserId,
        eventType: 'interact_gift',
        bizId: 700n,
        bizType: 'live',
        objId: 'rose',
        opUserChange: { userId: opUserId, assetType: 'coin', incr: -incr },
        toUserChanges: [{ userId: streamer, assetType: 'diamond', incr }],
        quantity: 1,
        comboKey: '',
      };
      return {
        event,
        outcome: 'applied',
        opUserBalance: 1_000_000n,
        seq,
        generation: 1,
        fingerprint: fingerprintOf(event),
        decidedAtMs: this.#clock.nowMs(),
      };
    });
  }
}

/** Gifts by the partition of their payer. */
export function byPartition(gifts: readonly DecidedEvent[], shards: ShardMap): DecidedEvent[][] {
  const partitions = Array.from({ length: shards.partitionCount }, (): DecidedEvent[] => []);
  for (const gift of gifts) partitions[shards.partitionOf(gift.event.opUserId)]?.push(gift);
  return partitions;
}

import type { DecidedEvent, Fence, ShardMap } from '@giftmesh/domain-money';

/**
 * The fences that the feed has passed. An event of an older generation that stands behind its shard's fence never took effect:
 * the ledger ignores it, and so do rooms and rankings. Kept in memory only: an event that a restart separates from its fence
 * is shown, which moves no money.
 */
export class PassedFences {
  readonly #generations = new Map<number, number>();

  constructor(private readonly shards: ShardMap) {}

  pass(fence: Fence): void {
    for (const shard of fence.shards)
      this.#generations.set(shard, Math.max(this.#generations.get(shard) ?? 0, fence.generation));
  }

  isStale({ event, generation }: DecidedEvent): boolean {
    if (this.#generations.size === 0) return false;
    const fence = this.#generations.get(this.shards.shardOf(event.opUserId));
    return fence !== undefined && generation < fence;
  }
}

import { StoreLostError } from '@giftmesh/domain-money';
import { NO_SCRIPT, type BalanceScripts } from './balance-scripts';
import { planShards, reachable, shardKeys, type CallPlan } from './script-call';

export interface ShardStatus {
  /** 0 for a shard whose state is from before a restart or promotion: what stands in it must not be believed. */
  readonly generation: number;
  readonly usable: boolean;
  readonly outboxSize: number;
}

const UNKNOWN: ShardStatus = { generation: 0, usable: false, outboxSize: 0 };
/** Shards of one call. */
const SHARDS_MAX = 512;

/** How shards stand on the server, and which this process has last seen lost. */
export class ShardStatuses {
  readonly #suspects = new Set<number>();

  constructor(
    private readonly scripts: BalanceScripts,
    private readonly plan: CallPlan,
  ) {}

  /** Asks the server. Of a cluster, shards of nodes that are away are missing in the answer. */
  async of(shards: readonly number[]): Promise<Map<number, ShardStatus>> {
    const statuses = new Map<number, ShardStatus>();
    await reachable(
      planShards(shards, this.plan.oneShardPerCall, SHARDS_MAX).map(async (part) => {
        const answer = await this.scripts.run('status', shardKeys(part, this.plan.keys, 'outbox'), [part.length]);
        part.forEach((shard, place) => {
          if (answer === NO_SCRIPT) return statuses.set(shard, UNKNOWN);
          const [generation = 0, usable, outboxSize = 0] = (answer as number[]).slice(place * 3, place * 3 + 3);
          return statuses.set(shard, { generation, usable: usable === 1, outboxSize });
        });
      }),
    );
    for (const [shard, { usable }] of statuses) {
      if (usable) this.#suspects.delete(shard);
      else this.#suspects.add(shard);
    }
    return statuses;
  }

  suspect(shards: readonly number[]): void {
    for (const shard of shards) this.#suspects.add(shard);
  }

  /**
   * Throws StoreLostError when one of the shards was seen lost, and still is. What is lost without anybody having seen it yet is found by the
   * scripts; but a call to many shards of a cluster has decided in some of them then.
   */
  async refuseLost(shards: Iterable<number>): Promise<void> {
    if (this.#suspects.size === 0) return;
    const suspects = [...new Set(shards)].filter((shard) => this.#suspects.has(shard));
    if (suspects.length === 0) return;
    const statuses = await this.of(suspects);
    const lost = suspects.filter((shard) => statuses.get(shard)?.usable === false);
    if (lost.length > 0) throw new StoreLostError(lost);
  }
}

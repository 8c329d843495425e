import { NO_SCRIPT, unavailable, type BalanceScripts } from './balance-scripts';
import type { RedisConnection } from './redis-connection';
import { shardKeys, type CallPlan } from './script-call';
import { ABSENT_KEEP_MS } from './users-scripts';

/** Users looked at in one call of the script. */
const PAGE = 200;
/** Users looked at in one search for idle ones, whatever is found. */
const LOOKS_MAX = 4_096;
/** Shards whose first candidates are asked for at the same time. */
const SHARDS_AT_ONCE = 32;

/**
 * Evicts users who are not used. The index of a shard knows of each user a time at or before her last use, so that a debit need not touch
 * it: who seems idle by it is looked at, and put where she belongs when she is not.
 */
export class IdleUsers {
  /** Where the next search begins, so that none is left out when one ends early. */
  #hand = 0;

  constructor(
    private readonly connection: RedisConnection,
    private readonly scripts: BalanceScripts,
    private readonly plan: CallPlan,
  ) {}

  /** Evicts at most `limit` users, and returns how many. */
  async evict(query: { readonly nowMs: number; readonly idleMs: number; readonly limit: number }): Promise<number> {
    const { shardCount } = this.plan.shards;
    let evicted = 0;
    let looks = Math.max(LOOKS_MAX, query.limit * 4);
    for (let seen = 0; seen < shardCount && evicted < query.limit && looks > 0;) {
      const count = Math.min(SHARDS_AT_ONCE, shardCount - seen);
      const shards = Array.from({ length: count }, (_, index) => (this.#hand + index) % shardCount);
      const pages = await Promise.all(shards.map((shard) => this.#candidates(shard, query, 0)));
      for (const [index, shard] of shards.entries()) {
        if (evicted >= query.limit || looks <= 0) return evicted;
        const found = await this.#evictIn(shard, pages[index] ?? [], { ...query, limit: query.limit - evicted }, looks);
        evicted += found.evicted;
        looks -= found.looks;
        if (evicted < query.limit) this.#hand = (shard + 1) % shardCount;
        seen += 1;
      }
    }
    return evicted;
  }

  async #evictIn(
    shard: number,
    first: readonly string[],
    query: { readonly nowMs: number; readonly idleMs: number; readonly limit: number },
    looksMax: number,
  ): Promise<{ evicted: number; looks: number }> {
    const { keys } = this.plan;
    let [evicted, looks, stay] = [0, 0, 0];
    for (let page = first; page.length > 0; page = await this.#candidates(shard, query, stay)) {
      const users = page.map((userId) => keys.user(shard, userId));
      const names = [...shardKeys([shard], keys, 'idle'), keys.outbox(shard), ...users];
      const args = [query.nowMs, query.idleMs, query.limit - evicted, ABSENT_KEEP_MS, ...page];
      const answer = await this.scripts.run('evict', names, args);
      looks += page.length;
      const [gone, kept] = answer === NO_SCRIPT ? [] : (answer as [number, number] | []);
      if (gone === undefined || kept === undefined) break;
      evicted += gone;
      // Those stand first in the next page too.
      stay += kept;
      if (page.length < PAGE || evicted >= query.limit || looks >= looksMax) break;
    }
    return { evicted, looks };
  }

  async #candidates(
    shard: number,
    { nowMs, idleMs }: { readonly nowMs: number; readonly idleMs: number },
    skip: number,
  ): Promise<string[]> {
    const key = this.plan.keys.idle(shard);
    const { commands } = this.connection;
    try {
      const [old, ahead] = await Promise.all([
        commands.zrangebyscore(key, '-inf', nowMs - idleMs, 'LIMIT', skip, PAGE),
        // Used before the clock jumped back.
        commands.zrangebyscore(key, `(${nowMs}`, '+inf', 'LIMIT', 0, PAGE),
      ]);
      return [...old, ...ahead].slice(0, PAGE);
    } catch (error) {
      throw unavailable(error);
    }
  }
}

import type { ShardMap } from '@giftmesh/domain-money';
import type { BalanceKeys } from './balance-keys';

/** How work on users is cut into calls of scripts. */
export interface CallPlan {
  readonly shards: ShardMap;
  readonly keys: BalanceKeys;
  /** A call touches one shard only: what a cluster wants. */
  readonly oneShardPerCall: boolean;
  /** Most items of a call, and with them how long others wait for it. */
  readonly itemsMax: number;
}

/** An item of a call. */
export interface CallEntry<T> {
  readonly item: T;
  /** Its place in the work. */
  readonly index: number;
  /** Its user's place in the call, from 1, as Lua counts. */
  readonly user: number;
}

/** One call of a script: the shards and users that it touches, and its items in their order. */
export class ScriptCall<T> {
  readonly shards: number[] = [];
  readonly users: { readonly userId: bigint; readonly shard: number }[] = [];
  readonly entries: CallEntry<T>[] = [];
  readonly #shardPlaces = new Map<number, number>();
  readonly #userPlaces = new Map<bigint, number>();

  add(item: T, index: number, userId: bigint, shard: number): void {
    let user = this.#userPlaces.get(userId);
    if (user === undefined) {
      user = this.users.push({ userId, shard });
      this.#userPlaces.set(userId, user);
      if (!this.#shardPlaces.has(shard)) this.#shardPlaces.set(shard, this.shards.push(shard));
    }
    this.entries.push({ item, index, user });
  }

  /** Keys as the scripts want them: the shards' states, their `side`s, the users. */
  keys(keys: BalanceKeys, side: 'outbox' | 'idle'): string[] {
    const names = shardKeys(this.shards, keys, side);
    for (const { userId, shard } of this.users) names.push(keys.user(shard, userId));
    return names;
  }

  /** The place of a user's shard in the call, from 1. */
  shardPlace(shard: number): number {
    return this.#shardPlaces.get(shard) ?? 0;
  }
}

/** The first keys of each script: states of all shards, then one more of each. */
export function shardKeys(shards: readonly number[], keys: BalanceKeys, side: 'outbox' | 'idle'): string[] {
  return [...shards.map((shard) => keys.state(shard)), ...shards.map((shard) => keys[side](shard))];
}

/** Cuts work on users into calls. Items of a user keep their order, also across calls. */
export function planCalls<T>(plan: CallPlan, items: readonly T[], userOf: (item: T) => bigint): ScriptCall<T>[] {
  const calls: ScriptCall<T>[] = [];
  const open = new Map<number, ScriptCall<T>>();
  items.forEach((item, index) => {
    const userId = userOf(item);
    const shard = plan.shards.shardOf(userId);
    const place = plan.oneShardPerCall ? shard : 0;
    let call = open.get(place);
    if (call === undefined || call.entries.length >= plan.itemsMax) {
      call = new ScriptCall();
      open.set(place, call);
      calls.push(call);
    }
    call.add(item, index, userId, shard);
  });
  return calls;
}

/** Cuts shards into calls: one each where a call touches one shard only, else at most `shardsMax`. */
export function planShards(shards: readonly number[], oneShardPerCall: boolean, shardsMax: number): number[][] {
  const size = oneShardPerCall ? 1 : shardsMax;
  return Array.from({ length: Math.ceil(shards.length / size) }, (_, part) =>
    shards.slice(part * size, (part + 1) * size),
  );
}

/**
 * What came of calls to several nodes of a cluster, those that failed left out: while a node is away, work on the others goes on. Rejects with
 * the first failure when all have failed.
 */
export async function reachable<T>(calls: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(calls);
  const results = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const [first] = outcomes;
  if (results.length === 0 && first?.status === 'rejected') throw first.reason;
  return results;
}

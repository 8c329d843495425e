import type { DecidedEvent } from '@giftmesh/domain-money';
import { keyOfOutboxField } from './balance-keys';
import { NO_SCRIPT, unavailable, type BalanceScripts } from './balance-scripts';
import type { RedisConnection } from './redis-connection';
import { planShards, reachable, shardKeys, type CallPlan } from './script-call';
import type { ShardStatuses } from './shard-status';
import { pendingDecision, type PendingDecision } from './stored-decision';

/** Shards that are looked through at the same time. */
const SHARDS_AT_ONCE = 32;
/** Entries that a server looks at in one call: about a millisecond. */
const PAGE = 1_024;
/** Entries that are fetched in one call. */
const FETCH_MAX = 500;

interface Named {
  readonly shard: number;
  readonly field: string;
  readonly decidedAtMs: number;
}

/** What is searched for: up to one time, or from another one on. */
interface Times {
  readonly oldMs: number;
  readonly aheadMs: number;
}

/**
 * Looks through the outboxes of all shards. They have no index by age: keeping one would cost each debit more than all its other commands, and
 * the search is rare, and short as long as the ledger follows.
 */
export class Outbox {
  /** Where the next search begins, so that no shard is left out when one ends early. */
  #hand = 0;

  constructor(
    private readonly connection: RedisConnection,
    private readonly scripts: BalanceScripts,
    private readonly plan: CallPlan,
    private readonly statuses: ShardStatuses,
  ) {}

  /**
   * Entries by age, in the order of their time, those of a user in the order of their decisions. Once it has `limit` it looks into no more
   * shards: those come first the next time.
   */
  async entries(query: {
    readonly nowMs: number;
    readonly minAgeMs: number;
    readonly limit: number;
  }): Promise<DecidedEvent[]> {
    const { nowMs, minAgeMs, limit } = query;
    const times = { oldMs: nowMs - minAgeMs, aheadMs: nowMs + minAgeMs };
    const { shardCount } = this.plan.shards;
    const named: Named[] = [];
    for (let seen = 0; seen < shardCount && named.length < limit; seen += SHARDS_AT_ONCE) {
      const count = Math.min(SHARDS_AT_ONCE, shardCount - seen);
      const shards = Array.from({ length: count }, (_, index) => (this.#hand + index) % shardCount);
      named.push(...(await this.#names(shards, times)));
      this.#hand = (this.#hand + count) % shardCount;
    }
    named.sort((a, b) => a.decidedAtMs - b.decidedAtMs);
    return inOrder(await this.#fetch(named.slice(0, limit)));
  }

  async #names(shards: readonly number[], times: Times): Promise<Named[]> {
    const found = await reachable(
      planShards(shards, this.plan.oneShardPerCall, SHARDS_AT_ONCE).map((part) => this.#pages(part, times)),
    );
    return found.flat();
  }

  /** All entries of some shards of one server. One that comes or goes meanwhile may be missing. */
  async #pages(shards: readonly number[], { oldMs, aheadMs }: Times): Promise<Named[]> {
    const found = new Map<string, Named>();
    let left = shards.map((shard) => ({ shard, cursor: '0' }));
    while (left.length > 0) {
      const names = left.map(({ shard }) => shard);
      const args = [left.length, oldMs, aheadMs, Math.ceil(PAGE / left.length), ...left.map(({ cursor }) => cursor)];
      const answer = await this.scripts.run('outbox', shardKeys(names, this.plan.keys, 'outbox'), args);
      if (answer === NO_SCRIPT) break;
      const pages = answer as (readonly [cursor: string, entries: string[]])[];
      left = pages.flatMap(([cursor, entries], place) => {
        const shard = names[place] as number;
        // The same entry may come twice: a scan says so.
        for (let at = 0; at + 1 < entries.length; at += 2) {
          const field = entries[at] as string;
          found.set(field, { shard, field, decidedAtMs: Number(entries[at + 1]) });
        }
        return cursor === '0' ? [] : { shard, cursor };
      });
    }
    return [...found.values()];
  }

  /** What is still in the outbox, in the places of the names. */
  async #fetch(named: readonly Named[]): Promise<(PendingDecision | undefined)[]> {
    const found: (PendingDecision | undefined)[] = named.map(() => undefined);
    const byShard = new Map<number, number[]>();
    named.forEach(({ shard }, place) => {
      const places = byShard.get(shard) ?? [];
      if (places.length === 0) byShard.set(shard, places);
      places.push(place);
    });
    const statuses = byShard.size === 0 ? undefined : await this.statuses.of([...byShard.keys()]);
    await Promise.all(
      [...byShard].map(async ([shard, places]) => {
        const status = statuses?.get(shard);
        if (status?.usable !== true) return;
        for (let at = 0; at < places.length; at += FETCH_MAX) {
          const part = places.slice(at, at + FETCH_MAX);
          const fields = part.map((place) => (named[place] as Named).field);
          const texts = await this.#texts(shard, fields);
          part.forEach((place, index) => {
            const text = texts[index] ?? null;
            const { userId, eventId } = keyOfOutboxField(fields[index] as string);
            if (text === null) return;
            found[place] = pendingDecision(text, { opUserId: BigInt(userId), eventId }, status.generation);
          });
        }
      }),
    );
    return found;
  }

  async #texts(shard: number, fields: readonly string[]): Promise<(string | null)[]> {
    try {
      return await this.connection.commands.hmget(this.plan.keys.outbox(shard), ...fields);
    } catch (error) {
      throw unavailable(error);
    }
  }
}

/** In the places of each user, her decisions by their order: of a clock that jumped back, times do not tell. */
function inOrder(entries: readonly (PendingDecision | undefined)[]): DecidedEvent[] {
  const found = entries.filter((entry) => entry !== undefined);
  const places = new Map<bigint, number[]>();
  found.forEach(({ decided }, place) => {
    const { opUserId } = decided.event;
    const own = places.get(opUserId);
    if (own === undefined) places.set(opUserId, [place]);
    else own.push(place);
  });
  const ordered = [...found];
  for (const own of places.values()) {
    const entriesOfUser = own.map((place) => found[place] as PendingDecision).sort((a, b) => a.order - b.order);
    own.forEach((place, index) => (ordered[place] = entriesOfUser[index] as PendingDecision));
  }
  return ordered.map(({ decided }) => decided);
}

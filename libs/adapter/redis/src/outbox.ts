import type { DecidedEvent } from '@giftmesh/domain-money';
import { keyOfOutboxMember } from './balance-keys';
import { NO_SCRIPT, unavailable, type BalanceScripts } from './balance-scripts';
import type { RedisConnection } from './redis-connection';
import { planShards, reachable, shardKeys, type CallPlan } from './script-call';
import { storedDecision } from './stored-decision';

/** Shards that are looked through in one call. */
const CALL_SHARDS_MAX = 32;
/** Users whose entries are fetched at the same time. */
const USERS_AT_ONCE_MAX = 500;

interface Named {
  readonly userId: string;
  readonly eventId: string;
  readonly decidedAtMs: number;
}

interface Entry {
  readonly decided: DecidedEvent;
  readonly order: number;
}

/** Looks through the outboxes of all shards. */
export class Outbox {
  constructor(
    private readonly connection: RedisConnection,
    private readonly scripts: BalanceScripts,
    private readonly plan: CallPlan,
    private readonly shardOutboxMax: number,
  ) {}

  /** Entries by age, in the order of their time, those of a user in the order of their decisions. */
  async entries(query: {
    readonly nowMs: number;
    readonly minAgeMs: number;
    readonly limit: number;
  }): Promise<DecidedEvent[]> {
    const named = await this.#names(query);
    const found: (Entry | undefined)[] = [];
    const byUser = new Map<string, { readonly name: Named; readonly place: number }[]>();
    named.forEach((name, place) => {
      const names = byUser.get(name.userId);
      if (names === undefined) byUser.set(name.userId, [{ name, place }]);
      else names.push({ name, place });
    });
    const users = [...byUser.entries()];
    for (let at = 0; at < users.length; at += USERS_AT_ONCE_MAX)
      await Promise.all(
        users.slice(at, at + USERS_AT_ONCE_MAX).map(async ([userId, names]) => {
          const entries = await this.#entriesOf(
            userId,
            names.map(({ name }) => name.eventId),
          );
          // In the user's places, by the order of her decisions: of a clock that jumped back, times do not tell.
          entries.sort((a, b) => a.order - b.order);
          entries.forEach((entry, index) => (found[names[index]?.place as number] = entry));
        }),
      );
    return found.filter((entry) => entry !== undefined).map(({ decided }) => decided);
  }

  async #names({ nowMs, minAgeMs, limit }: { nowMs: number; minAgeMs: number; limit: number }): Promise<Named[]> {
    const { keys, oneShardPerCall, shards } = this.plan;
    // Both at once would be twice what was decided right now.
    const ahead = minAgeMs > 0 ? String(nowMs + minAgeMs) : `(${nowMs}`;
    const most = Math.min(limit, this.shardOutboxMax);
    const named: Named[] = [];
    await reachable(
      planShards(shards.allShards(), oneShardPerCall, CALL_SHARDS_MAX).map(async (part) => {
        const args = [part.length, nowMs - minAgeMs, ahead, most];
        const answer = await this.scripts.run('outbox', shardKeys(part, keys, 'outbox'), args);
        if (answer === NO_SCRIPT) return;
        for (const found of answer as string[][])
          for (let at = 0; at + 1 < found.length; at += 2)
            named.push({ ...keyOfOutboxMember(found[at] as string), decidedAtMs: Number(found[at + 1]) });
      }),
    );
    return named.sort((a, b) => a.decidedAtMs - b.decidedAtMs).slice(0, limit);
  }

  /** What of the events is still in the outbox. */
  async #entriesOf(userId: string, eventIds: readonly string[]): Promise<Entry[]> {
    const opUserId = BigInt(userId);
    const key = this.plan.keys.user(this.plan.shards.shardOf(opUserId), opUserId);
    let texts: (string | null)[];
    try {
      texts = await this.connection.commands.hmget(key, ...eventIds);
    } catch (error) {
      throw unavailable(error);
    }
    const entries: Entry[] = [];
    texts.forEach((text, index) => {
      if (text === null) return;
      const { pending, order } = storedDecision(text, { opUserId, eventId: eventIds[index] as string });
      if (pending !== undefined) entries.push({ decided: pending, order });
    });
    return entries;
  }
}

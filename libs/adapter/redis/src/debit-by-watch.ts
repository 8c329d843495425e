import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { StoreLostError, type DebitRequest, type DebitResult } from '@giftmesh/domain-money';
import type { Redis } from 'ioredis';
import { unavailable } from './balance-scripts';
import type { DebitMethod } from './debit-by-script';
import { debitResult, type DebitAnswer } from './debit-results';
import { UserDebits } from './debit-rules';
import type { RedisConnection } from './redis-connection';
import { planCalls, type CallPlan, type ScriptCall } from './script-call';
import { UserField } from './user-fields';
import { WatchConnections } from './watch-connections';

/** How often a debit is tried again because somebody else changed the same user meanwhile. */
const TRIES_MAX = 50;

/**
 * Decides by WATCH, MULTI and EXEC: what the script reads is read, decided on here, and written only if nobody has changed it meanwhile.
 * One transaction for all requests of a shard. Four round trips where the script needs one, and users whom many debit at the same time are
 * tried again and again; but no script runs on the hot path.
 */
export class DebitByWatch implements DebitMethod {
  readonly #connections: WatchConnections;
  readonly #plan: CallPlan;

  constructor(
    private readonly connection: RedisConnection,
    plan: CallPlan,
    private readonly outboxMax: number,
  ) {
    this.#connections = new WatchConnections(connection);
    // All of a shard in one transaction: two at the same time would disturb each other, and not keep their order.
    this.#plan = { ...plan, oneShardPerCall: true, itemsMax: Number.MAX_SAFE_INTEGER };
  }

  async debit(requests: readonly DebitRequest[]): Promise<readonly DebitResult[]> {
    const calls = planCalls(this.#plan, requests, ({ event }) => event.opUserId);
    const results: DebitResult[] = [];
    await Promise.all(
      calls.map(async (call) => {
        const answers = await this.#decide(call);
        call.entries.forEach(({ index }, place) => (results[index] = answers[place] as DebitResult));
      }),
    );
    return results;
  }

  close(): void {
    this.#connections.close();
  }

  async #decide(call: ScriptCall<DebitRequest>): Promise<DebitResult[]> {
    const [state = ''] = call.keys(this.#plan.keys, 'outbox');
    try {
      const node = await this.connection.nodeOf(state);
      return await this.#connections.use(node, async (redis) => {
        for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
          const results = await this.#try(redis, call);
          if (results !== undefined) return results;
        }
        throw new StatusError({
          code: StatusCode.ABORTED,
          reason: 'BALANCE_STORE_CONTENTION',
          message: `others change the same users: given up after ${TRIES_MAX} tries`,
        });
      });
    } catch (error) {
      if (error instanceof StoreLostError) throw error;
      throw unavailable(error);
    }
  }

  /** Undefined when somebody else was faster. */
  async #try(redis: Redis, call: ScriptCall<DebitRequest>): Promise<DebitResult[] | undefined> {
    const [state = '', outbox = '', ...users] = call.keys(this.#plan.keys, 'outbox');
    const shard = call.shards[0] as number;
    const fields = call.users.map((_, index) => fieldsOf(call, index + 1));
    const [, info, stateText, size, ...values] = await Promise.all([
      // The outbox is not watched: its limit may be missed by a few.
      redis.watch(state, ...users),
      // What changes when this server restarts or is demoted: a transaction of before fails then, or finds its keys changed.
      redis.info('replication'),
      redis.get(state),
      redis.zcard(outbox),
      ...users.map((key, index) => redis.hmget(key, ...(fields[index] ?? []))),
    ]);
    const generation = usableGeneration(stateText, info);
    if (generation === undefined) {
      await redis.unwatch();
      throw new StoreLostError([shard]);
    }
    const debits = values.map((texts, index) => {
      const names = fields[index] ?? [];
      return new UserDebits(new Map(names.map((name, place) => [name, texts[place] ?? null])), generation);
    });
    let room = this.outboxMax - size;
    const answers = call.entries.map(({ item, user }): DebitAnswer => {
      const answer = (debits[user - 1] as UserDebits).decide(item, room > 0);
      if (answer[0] === 1 || answer[0] === 2) room -= 1;
      return answer;
    });
    if (!(await write(redis, outbox, users, debits))) return undefined;
    return call.entries.map(({ item }, place) => debitResult(item, Number(generation), answers[place] as DebitAnswer));
  }
}

/** The fields of a user that the call's requests need, events last. */
function fieldsOf(call: ScriptCall<DebitRequest>, user: number): string[] {
  const requests = call.entries.filter((entry) => entry.user === user).map(({ item }) => item.event);
  const assets = [...new Set(requests.map(({ opUserChange }) => opUserChange.assetType))];
  return [
    UserField.head,
    UserField.turn,
    ...assets.map(UserField.account),
    ...new Set(requests.map(({ eventId }) => eventId)),
  ];
}

/** The generation of a shard that may be used: open, and raised under the mastership of now. */
function usableGeneration(state: string | null, info: string): string | undefined {
  const mastership = /master_replid:([0-9a-f]+)/.exec(info)?.[1];
  const [generation, open, raisedUnder] = (state ?? '').split(' ');
  const isUsable = open === '1' && info.includes('role:master') && raisedUnder === mastership;
  return isUsable ? generation : undefined;
}

/** False when somebody has changed what was read. */
async function write(
  redis: Redis,
  outbox: string,
  users: readonly string[],
  debits: readonly UserDebits[],
): Promise<boolean> {
  const transaction = redis.multi();
  let commands = 0;
  debits.forEach(({ writes, added }, index) => {
    if (writes.size > 0) {
      transaction.hset(users[index] as string, writes);
      commands += 1;
    }
    if (added.length > 0) {
      transaction.zadd(outbox, ...added.flatMap(({ atMs, member }) => [atMs, member]));
      commands += 1;
    }
  });
  if (commands === 0) {
    await redis.unwatch();
    return true;
  }
  const answers = await transaction.exec();
  if (answers === null) return false;
  for (const [error] of answers) if (error !== null) throw error;
  return true;
}

import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { StoreLostError, type DebitRequest, type DebitResult } from '@giftmesh/domain-money';
import type { Redis } from 'ioredis';
import { outboxField } from './balance-keys';
import { unavailable } from './balance-scripts';
import type { DebitMethod } from './debit-by-script';
import { debitResult, type DebitAnswer } from './debit-results';
import { UserDebits, type KnownDecisions } from './debit-rules';
import { DebitCode } from './debit-script';
import type { RedisConnection } from './redis-connection';
import { planCalls, type CallPlan, type ScriptCall } from './script-call';
import { userRecord, userRecordBytes } from './user-record';
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
    const [, info, stateText, size, records] = await Promise.all([
      // The outbox is not watched: whatever is decided or forgotten changes its user, and its limit may be missed by a few.
      redis.watch(state, ...users),
      // What changes when this server restarts or is demoted: a transaction of before fails then, or finds its keys changed.
      redis.info('replication'),
      redis.get(state),
      redis.hlen(outbox),
      redis.mgetBuffer(users),
    ]);
    const generation = usableGeneration(stateText, info);
    if (generation === undefined) {
      await redis.unwatch();
      throw new StoreLostError(call.shards);
    }
    const debits = records.map((bytes) => {
      const record = bytes === null ? undefined : userRecord(bytes);
      return new UserDebits(record?.generation === generation ? record : undefined);
    });
    const known = await this.#known(redis, call, debits);
    let room = this.outboxMax - size;
    const answers = call.entries.map(({ item, user }): DebitAnswer => {
      const answer = (debits[user - 1] as UserDebits).decide(item, known, room > 0);
      if (answer[1] >= DebitCode.refused) room -= 1;
      return answer;
    });
    if (!(await write(redis, outbox, users, debits))) return undefined;
    return call.entries.map(({ item }, place) => {
      const [value, code] = answers[place] as DebitAnswer;
      return debitResult(item, generation, value, code);
    });
  }

  /** Looks up what may have been decided before: in the outbox first, for from there it goes to what is settled, and not back. */
  async #known(redis: Redis, call: ScriptCall<DebitRequest>, debits: readonly UserDebits[]): Promise<KnownDecisions> {
    const { keys, shards } = this.#plan;
    const maybe = call.entries.flatMap(({ item, user }) =>
      debits[user - 1]?.mayKnow(item) === true ? [item.event] : [],
    );
    const known = new Map<string, DebitAnswer>();
    await Promise.all(
      maybe.map(async ({ opUserId, eventId }) => {
        const shard = shards.shardOf(opUserId);
        const field = outboxField(opUserId, eventId);
        const [pending, settled] = await Promise.all([
          redis.hget(keys.outbox(shard), field),
          redis.hget(keys.settled(shard, opUserId), eventId),
        ]);
        if (pending !== null) known.set(field, [pending, DebitCode.pending]);
        else if (settled !== null) known.set(field, [settled, DebitCode.settled]);
      }),
    );
    return known;
  }
}

/** The generation of a shard that may be used: open, and raised under the mastership of now. */
function usableGeneration(state: string | null, info: string): number | undefined {
  const mastership = /master_replid:([0-9a-f]+)/.exec(info)?.[1];
  const [generation, open, raisedUnder] = (state ?? '').split(' ');
  const isUsable = open === '1' && info.includes('role:master') && raisedUnder === mastership;
  return isUsable ? Number(generation) : undefined;
}

/** False when somebody has changed what was read. */
async function write(
  redis: Redis,
  outbox: string,
  users: readonly string[],
  debits: readonly UserDebits[],
): Promise<boolean> {
  const records = debits.flatMap(({ record }, index) =>
    record === undefined ? [] : [users[index] as string, userRecordBytes(record)],
  );
  if (records.length === 0) {
    await redis.unwatch();
    return true;
  }
  const transaction = redis.multi().mset(...records);
  const added = debits.flatMap((debit) => [...debit.added].flat());
  if (added.length > 0) transaction.hset(outbox, ...added);
  const answers = await transaction.exec();
  if (answers === null) return false;
  for (const [error] of answers) if (error !== null) throw error;
  return true;
}

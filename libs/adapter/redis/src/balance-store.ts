import { randomInt } from 'node:crypto';
import { lowestUuidV7At } from '@giftmesh/kernel-ids';
import {
  AMOUNT_MAX,
  StoreLostError,
  type BalanceStore,
  type Counters,
  type DebitRequest,
  type DebitResult,
  type DecidedEvent,
  type EventKey,
  type LoadedUser,
  type StoredUser,
} from '@giftmesh/domain-money';
import { assetPlace, BalanceKeys, outboxField } from './balance-keys';
import { NO_SCRIPT, BalanceScripts } from './balance-scripts';
import { checkedBalanceStoreOptions, type RedisBalanceStoreOptions } from './balance-store-options';
import { DebitByScript, type DebitMethod } from './debit-by-script';
import { DebitByWatch } from './debit-by-watch';
import { IdleUsers } from './idle-users';
import { Outbox } from './outbox';
import { planCalls, planShards, shardKeys, type CallPlan } from './script-call';
import { ShardStatuses } from './shard-status';
import { settledText } from './stored-decision';
import { countersOf, recordAccounts } from './user-record';
import { ABSENT_KEEP_MS } from './users-scripts';

const EVENT_ID_LENGTH = 36;
/** `asOf` of an installation is random up to here: the same one never comes twice, whatever was lost between. */
const AS_OF_MAX = 2 ** 48 - 1;
/** Events or users of one call of the scripts other than debit. */
const CALL_ITEMS_MAX = 500;
/** Shards of one call. */
const CALL_SHARDS_MAX = 512;
/** Installations under way in one call. */
const INSTALLS_MAX = 200;
/** How often a server may restart between getting the scripts and raising shards. */
const RAISE_TRIES_MAX = 3;

/**
 * The balance store in Redis 7 or a Redis Cluster. See the README for its keys, and for how it notices that the server lost something.
 * Rejects with UNAVAILABLE where Redis fails or does not answer: the call may have been carried out then, and may be repeated.
 */
export class RedisBalanceStore implements BalanceStore {
  readonly #options: Required<RedisBalanceStoreOptions>;
  readonly #keys: BalanceKeys;
  readonly #scripts: BalanceScripts;
  readonly #plan: CallPlan;
  readonly #statuses: ShardStatuses;
  readonly #debits: DebitMethod;
  readonly #outbox: Outbox;
  readonly #idleUsers: IdleUsers;
  #closed = false;

  /** Throws RangeError for an option out of its range. */
  constructor(options: RedisBalanceStoreOptions) {
    this.#options = checkedBalanceStoreOptions(options);
    const { connection, shards, prefix, shardOutboxMax, callEventsMax, debitBy } = this.#options;
    this.#keys = new BalanceKeys(prefix);
    this.#scripts = new BalanceScripts(connection);
    this.#plan = { shards, keys: this.#keys, oneShardPerCall: connection.oneSlotPerCall, itemsMax: CALL_ITEMS_MAX };
    this.#statuses = new ShardStatuses(this.#scripts, this.#plan);
    this.#outbox = new Outbox(connection, this.#scripts, this.#plan, this.#statuses);
    this.#idleUsers = new IdleUsers(connection, this.#scripts, this.#plan);
    this.#debits =
      debitBy === 'watch'
        ? new DebitByWatch(connection, this.#plan, shardOutboxMax)
        : new DebitByScript(this.#scripts, { ...this.#plan, itemsMax: callEventsMax }, shardOutboxMax);
  }

  /** Rejects with RangeError, and decides nothing, when an event's payer does not pay or its id is no UUID. */
  async debit(requests: readonly DebitRequest[]): Promise<readonly DebitResult[]> {
    this.#refuseClosed();
    for (const { event } of requests) {
      const { incr } = event.opUserChange;
      if (incr >= 0n || incr < -AMOUNT_MAX)
        throw new RangeError(`event ${event.eventId} takes ${-incr} from its op user`);
      if (event.eventId.length !== EVENT_ID_LENGTH) throw new RangeError(`event id ${event.eventId} is no UUID`);
    }
    return this.#guarded(
      requests.map(({ event }) => event.opUserId),
      () => this.#debits.debit(requests),
    );
  }

  async install(users: readonly LoadedUser[], generations: ReadonlyMap<bigint, number>): Promise<readonly boolean[]> {
    this.#refuseClosed();
    for (const { accounts } of users) accounts.forEach(checkCounters);
    return this.#guarded(
      users.map(({ userId }) => userId),
      async () => {
        const installed: boolean[] = [];
        for (let at = 0; at < users.length; at += INSTALLS_MAX) {
          const part = users.slice(at, at + INSTALLS_MAX);
          installed.push(...(await Promise.all(part.map((user) => this.#install(user, generations.get(user.userId))))));
        }
        return installed;
      },
    );
  }

  async merge(counters: readonly Counters[]): Promise<void> {
    this.#refuseClosed();
    counters.forEach(checkCounters);
    const calls = planCalls(this.#plan, counters, ({ userId }) => userId);
    await Promise.all(
      calls.map(async (call) => {
        const args: (string | number)[] = [call.shards.length, call.users.length, ABSENT_KEEP_MS];
        for (const { shard } of call.users) args.push(call.shardPlace(shard));
        for (const { item, user } of call.entries)
          args.push(user, assetPlace(item.assetType), String(item.credited), String(item.reversed));
        await this.#scripts.run('merge', call.keys(this.#keys, 'idle'), args);
      }),
    );
  }

  async read(userIds: readonly bigint[]): Promise<readonly (StoredUser | undefined)[]> {
    this.#refuseClosed();
    return this.#guarded(userIds, async () => {
      const found: (StoredUser | undefined)[] = userIds.map(() => undefined);
      const calls = planCalls(this.#plan, userIds, (userId) => userId);
      await Promise.all(
        calls.map(async (call) => {
          const args: (string | number)[] = [call.shards.length, call.users.length];
          for (const { userId, shard } of call.users) args.push(call.shardPlace(shard), String(userId));
          const answer = await this.#scripts.run('read', call.keys(this.#keys, 'idle'), args);
          const [lost, users] = this.#answerOf<string[] | null>(answer, call.shards);
          if (lost.length > 0) throw new StoreLostError(lost);
          for (const { item, index, user } of call.entries) {
            const numbers = users[user - 1] ?? null;
            if (numbers !== null)
              found[index] = { userId: item, accounts: countersOf(item, recordAccounts(numbers.map(Number))) };
          }
        }),
      );
      return found;
    });
  }

  async settle(events: readonly EventKey[]): Promise<void> {
    this.#refuseClosed();
    const calls = planCalls(this.#plan, events, ({ opUserId }) => opUserId);
    await Promise.all(
      calls.map(async (call) => {
        const args: (string | number)[] = [call.shards.length, call.users.length, this.#options.userMarkersMax];
        for (const { shard } of call.users) args.push(call.shardPlace(shard));
        for (const { item, user } of call.entries) args.push(user, outboxField(item.opUserId, item.eventId));
        await this.#scripts.run('settle', call.keys(this.#keys, 'outbox'), args);
      }),
    );
  }

  async outbox(query: {
    readonly nowMs: number;
    readonly minAgeMs: number;
    readonly limit: number;
  }): Promise<readonly DecidedEvent[]> {
    this.#refuseClosed();
    return this.#outbox.entries(query);
  }

  /** Of a cluster, without nodes that are away. */
  async outboxSize(): Promise<number> {
    this.#refuseClosed();
    const statuses = await this.#statuses.of(this.#options.shards.allShards());
    return [...statuses.values()].reduce((size, { outboxSize }) => size + outboxSize, 0);
  }

  /** Of a cluster, without those of nodes that are away: nothing can be done for them yet, and the others must not wait. */
  async lostShards(): Promise<readonly number[]> {
    this.#refuseClosed();
    const shards = this.#options.shards.allShards();
    const statuses = await this.#statuses.of(shards);
    return shards.filter((shard) => statuses.get(shard)?.usable === false);
  }

  /** 0 for shards that were lost and not raised since, and for those of cluster nodes that are away. */
  async generationOf(userIds: readonly bigint[]): Promise<readonly number[]> {
    this.#refuseClosed();
    const shards = userIds.map((userId) => this.#options.shards.shardOf(userId));
    const statuses = await this.#statuses.of([...new Set(shards)]);
    return shards.map((shard) => statuses.get(shard)?.generation ?? 0);
  }

  async openGenerationOf(userIds: readonly bigint[]): Promise<readonly number[]> {
    this.#refuseClosed();
    const shards = userIds.map((userId) => this.#options.shards.shardOf(userId));
    // Generation and openness of one moment: one answer of the server has both.
    const statuses = await this.#statuses.of([...new Set(shards)]);
    const lost = [...statuses].filter(([, { usable }]) => !usable).map(([shard]) => shard);
    if (lost.length > 0) throw new StoreLostError(lost);
    return shards.map((shard) => statuses.get(shard)?.generation ?? 0);
  }

  /** Gives the scripts to the servers, too. */
  async raiseGeneration(shards: readonly number[], generation: number): Promise<void> {
    this.#refuseClosed();
    for (const shard of shards)
      if (!Number.isInteger(shard) || shard < 0 || shard >= this.#options.shards.shardCount)
        throw new RangeError(`there is no shard ${shard}`);
    this.#statuses.suspect(shards);
    for (
      let left = planShards(shards, this.#plan.oneShardPerCall, CALL_SHARDS_MAX), tries = 1;
      left.length > 0;
      tries += 1
    ) {
      if (tries > RAISE_TRIES_MAX) throw new StoreLostError(left.flat());
      await this.#scripts.load();
      const answers = await Promise.all(left.map((part) => this.#onShards('raise', part, generation)));
      left = left.filter((_, index) => answers[index] === NO_SCRIPT);
    }
  }

  /** Shards that have moved on, or whose server has restarted since it was raised, stay lost. */
  async open(shards: readonly number[], generation: number): Promise<void> {
    this.#refuseClosed();
    const parts = planShards(shards, this.#plan.oneShardPerCall, CALL_SHARDS_MAX);
    await Promise.all(parts.map((part) => this.#onShards('open', part, generation)));
  }

  async evictIdle(query: { readonly nowMs: number; readonly idleMs: number; readonly limit: number }): Promise<number> {
    this.#refuseClosed();
    return this.#idleUsers.evict(query);
  }

  healthy(): boolean {
    return !this.#closed && this.#options.connection.ready();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#debits.close();
  }

  async #install(user: LoadedUser, generation: number | undefined): Promise<boolean> {
    const { userId, accounts, markers, markersSinceMs } = user;
    const shard = this.#options.shards.shardOf(userId);
    const args: (string | number)[] = [generation ?? '', randomInt(1, AS_OF_MAX), lowestUuidV7At(markersSinceMs)];
    args.push(String(userId), this.#options.userMarkersMax, accounts.length);
    for (const { assetType, credited, reversed, debited, seq } of accounts)
      args.push(assetPlace(assetType), String(credited), String(reversed), String(debited), seq);
    for (const marker of markers) args.push(marker.eventId, settledText(marker));
    const keys = [...shardKeys([shard], this.#keys, 'idle'), this.#keys.user(shard, userId)];
    const answer = await this.#scripts.run('install', keys, args);
    if (answer === NO_SCRIPT) throw new StoreLostError([shard]);
    const [lost, installed] = answer as [number[], number];
    if (lost.length > 0) throw new StoreLostError([shard]);
    return installed === 1;
  }

  #onShards(script: 'raise' | 'open', shards: readonly number[], generation: number): Promise<unknown> {
    return this.#scripts.run(script, shardKeys(shards, this.#keys, 'outbox'), [shards.length, generation]);
  }

  #answerOf<T>(answer: unknown, shards: readonly number[]): [lost: number[], items: T[]] {
    if (answer === NO_SCRIPT) return [[...shards], []];
    const [lost, items = []] = answer as [number[], T[]?];
    return [lost.map((place) => shards[place] as number), items];
  }

  /** Refuses work on shards that were seen lost, and remembers those that turn out to be. */
  async #guarded<T>(userIds: readonly bigint[], work: () => Promise<T>): Promise<T> {
    if (userIds.length > 0)
      await this.#statuses.refuseLost(userIds.map((userId) => this.#options.shards.shardOf(userId)));
    try {
      return await work();
    } catch (error) {
      if (error instanceof StoreLostError) this.#statuses.suspect(error.shards);
      throw error;
    }
  }

  #refuseClosed(): void {
    if (this.#closed) throw new Error('the balance store is closed');
  }
}

/** Numbers that Lua would not keep exact are refused before anything is written. */
function checkCounters({ userId, credited, reversed, debited }: Counters): void {
  for (const counter of [credited, reversed, debited])
    if (counter < 0n || counter > AMOUNT_MAX) throw new RangeError(`a counter of user ${userId} is ${counter}`);
}

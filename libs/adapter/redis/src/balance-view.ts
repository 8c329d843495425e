import type { Counters, DecidedEvent, ShardMap } from '@giftmesh/domain-money';
import type { Redis } from 'ioredis';
import { BalanceKeys, DEFAULT_KEY_PREFIX, keyOfOutboxField } from './balance-keys';
import { unavailable } from './balance-scripts';
import type { RedisConnection } from './redis-connection';
import { pendingDecision } from './stored-decision';
import { countersOf, userRecord } from './user-record';

/** How a shard stands in the store. */
export interface ShardView {
  readonly shard: number;
  /** 0 for one that was never raised. */
  readonly generation: number;
  /** False for one that waits for its recovery: what stands in it is not believed. */
  readonly usable: boolean;
  /** Decisions that the ledger has not confirmed. */
  readonly outboxSize: number;
  /** When the oldest of them was decided, Unix milliseconds; undefined without any. */
  readonly oldestMs: number | undefined;
}

/** What the store has of a user. */
export interface UserView {
  readonly accounts: readonly Counters[];
  /** Decisions that the ledger has not confirmed. */
  readonly pending: readonly DecidedEvent[];
}

export interface RedisBalanceViewOptions {
  /** From `connectRedis`. It stays its maker's to close. */
  readonly connection: RedisConnection;
  readonly shards: ShardMap;
  /** What all keys begin with. Default `giftmesh:`. */
  readonly prefix?: string;
}

/** Keys or fields that a node looks at before it answers a SCAN or HSCAN: well below a millisecond. */
const SCAN_COUNT = 500;
/** Users or shards that are asked for at the same time. */
const AT_ONCE_MAX = 500;

/**
 * A look into the balance store that writes nothing, for tools, while stations work on it: no scripts, no `KEYS`, nothing that takes a
 * server longer than a debit does. Every user is seen as of one moment, but not all as of the same one. Rejects with UNAVAILABLE where Redis
 * fails or does not answer.
 */
export class RedisBalanceView {
  readonly #connection: RedisConnection;
  readonly #shards: ShardMap;
  readonly #keys: BalanceKeys;
  readonly #prefix: string;

  /** Throws RangeError for a prefix that can't be. */
  constructor({ connection, shards, prefix = DEFAULT_KEY_PREFIX }: RedisBalanceViewOptions) {
    this.#connection = connection;
    this.#shards = shards;
    this.#prefix = prefix;
    this.#keys = new BalanceKeys(prefix);
  }

  /** All shards, in order. */
  async shards(): Promise<ShardView[]> {
    const masterships = await this.#masterships();
    return this.#each(this.#shards.allShards(), async (shard) => {
      const { commands } = this.#connection;
      const [state, entries] = await Promise.all([commands.get(this.#keys.state(shard)), this.#entries(shard)]);
      const { generation, usable } = stateOf(state, masterships);
      const oldestMs = entries.reduce<number | undefined>(
        (oldest, { decidedAtMs }) => Math.min(oldest ?? decidedAtMs, decidedAtMs),
        undefined,
      );
      return { shard, generation, usable, outboxSize: entries.length, oldestMs };
    });
  }

  /** Decisions that the ledger has not confirmed, the oldest of all shards, by age; those of shards that wait for recovery too. */
  async outbox(limit: number): Promise<DecidedEvent[]> {
    const found = await this.#each(this.#shards.allShards(), (shard) => this.#entries(shard));
    return found
      .flat()
      .sort((a, b) => a.decidedAtMs - b.decidedAtMs)
      .slice(0, limit);
  }

  /**
   * Users with an entry, in no order, a page at a time, and while the server grows or shrinks some of them more than once; those who come or
   * go meanwhile may be missing.
   */
  async *users(): AsyncGenerator<bigint[]> {
    const pattern = `${this.#prefix.replace(/[*?[\]\\^]/g, '\\$&')}{s*}:user:*`;
    for (const node of this.#connection.nodes()) {
      let cursor = '0';
      do {
        const [next, keys] = await this.#asking(() => node.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT));
        cursor = next;
        // What else there is of a user is named behind her id.
        const ids = keys.map((key) => key.slice(key.lastIndexOf(':') + 1)).filter((id) => /^\d{1,19}$/.test(id));
        if (ids.length > 0) yield ids.map(BigInt);
      } while (cursor !== '0');
    }
  }

  /** Accounts of users who are in place; those of others, and of shards that wait for recovery, are absent. */
  async accountsOf(userIds: readonly bigint[]): Promise<Counters[]> {
    const generations = await this.#generationsOf(userIds);
    const found = await this.#each(userIds, async (userId) =>
      accountsIn(await this.#bytes(userId), userId, generations.get(this.#shards.shardOf(userId))),
    );
    return found.flat();
  }

  /**
   * All of one user: her accounts, and what of her decisions up to then the ledger has not confirmed. What it confirms while she is looked at
   * may be missing: it is on record then.
   */
  async user(userId: bigint): Promise<UserView> {
    const shard = this.#shards.shardOf(userId);
    const generations = await this.#generationsOf([userId]);
    const accounts = accountsIn(await this.#bytes(userId), userId, generations.get(shard));
    if (accounts.length === 0) return { accounts, pending: [] };
    const seqs = new Map(accounts.map(({ assetType, seq }) => [assetType, seq]));
    const entries = await this.#asking(() => this.#entries(shard, `*/${userId}`));
    // Debits that came behind the look at the accounts are not in them.
    return {
      accounts,
      pending: entries.filter(({ seq, event }) => seq <= (seqs.get(event.opUserChange.assetType) ?? 0)),
    };
  }

  #bytes(userId: bigint): Promise<Buffer | null> {
    return this.#asking(() =>
      this.#connection.commands.getBuffer(this.#keys.user(this.#shards.shardOf(userId), userId)),
    );
  }

  /** The outbox of a shard, or what of it matches. */
  async #entries(shard: number, pattern = '*'): Promise<DecidedEvent[]> {
    const { commands } = this.#connection;
    const { generation } = stateOf(await commands.get(this.#keys.state(shard)), new Set());
    const found = new Map<string, DecidedEvent>();
    let cursor = '0';
    do {
      const [next, page] = await commands.hscan(
        this.#keys.outbox(shard),
        cursor,
        'MATCH',
        pattern,
        'COUNT',
        SCAN_COUNT,
      );
      cursor = next;
      for (let at = 0; at + 1 < page.length; at += 2) {
        const field = page[at] as string;
        const { userId, eventId } = keyOfOutboxField(field);
        const key = { opUserId: BigInt(userId), eventId };
        found.set(field, pendingDecision(page[at + 1] as string, key, generation).decided);
      }
    } while (cursor !== '0');
    return [...found.values()];
  }

  async #generationsOf(userIds: readonly bigint[]): Promise<Map<number, number>> {
    const masterships = await this.#masterships();
    const shards = [...new Set(userIds.map((userId) => this.#shards.shardOf(userId)))];
    const states = await this.#each(shards, async (shard) => {
      const { generation, usable } = stateOf(await this.#connection.commands.get(this.#keys.state(shard)), masterships);
      return usable ? ([[shard, generation]] as const) : [];
    });
    return new Map(states.flat());
  }

  /** Those of all masters: a state that names another one is from before a restart or a promotion. */
  async #masterships(): Promise<ReadonlySet<string>> {
    const infos = await this.#asking(() =>
      Promise.all(this.#connection.nodes().map((node: Redis) => node.info('replication'))),
    );
    return new Set(
      infos.flatMap((info) => (/^role:master\r?$/m.test(info) ? (/^master_replid:(\w+)/m.exec(info)?.[1] ?? []) : [])),
    );
  }

  async #each<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> {
    const answers: R[] = [];
    for (let at = 0; at < items.length; at += AT_ONCE_MAX)
      answers.push(...(await this.#asking(() => Promise.all(items.slice(at, at + AT_ONCE_MAX).map(ask)))));
    return answers;
  }

  async #asking<R>(ask: () => Promise<R>): Promise<R> {
    try {
      return await ask();
    } catch (error) {
      throw unavailable(error);
    }
  }
}

function stateOf(
  text: string | null,
  masterships: ReadonlySet<string>,
): { readonly generation: number; readonly usable: boolean } {
  const [generation = '0', open = '0', mastership = ''] = (text ?? '').split(' ');
  return { generation: Number(generation), usable: open === '1' && masterships.has(mastership) };
}

function accountsIn(bytes: Buffer | null, userId: bigint, generation: number | undefined): Counters[] {
  if (bytes === null) return [];
  const record = userRecord(bytes);
  return record.generation === generation ? countersOf(userId, record.accounts) : [];
}

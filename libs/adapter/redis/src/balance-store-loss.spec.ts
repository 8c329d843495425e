import { ShardMap, StoreLostError, type DebitResult } from '@giftmesh/domain-money';
import {
  debitOne,
  decided,
  installNow,
  openShards,
  pendingOf,
  sampleCounters,
  sampleGift,
  sampleRequest,
  sampleUser,
  SAMPLE_START_MS,
} from '@giftmesh/domain-money/testing';
import { DURABLE_REDIS, startRedis, type RedisServer } from '@giftmesh/tool-infra';
import type { Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';
import { BalanceKeys } from './balance-keys';
import { connectRedis, RedisBalanceStore, type RedisBalanceStoreOptions, type RedisConnection } from './index';
import { LosingRedis, readyAgain } from './losing-redis';
import { connected } from './redis-test-kit';

const SHARDS = new ShardMap(8, 2);
const KEYS = new BalanceKeys();
const USER = 7n;
const SHARD = SHARDS.shardOf(USER);
/** A user of another shard. */
const OTHER = [8n, 9n, 10n, 11n].find((userId) => SHARDS.shardOf(userId) !== SHARD) as bigint;

/** A replica gets its copy at once. */
const WITHOUT_WAITING = ['--repl-diskless-sync-delay', '0'];

const gift = (id: number, from = USER, amount = 10n) => sampleRequest(sampleGift({ id, from, amount }));
const rich = (userId: bigint) => sampleUser(userId, [sampleCounters(userId, 100n)]);

describe.each(['script', 'watch'] as const)('RedisBalanceStore with debits by %s, when its server', (debitBy) => {
  let server: LosingRedis;
  let connection: RedisConnection;
  let store: RedisBalanceStore;
  const stores: RedisBalanceStore[] = [];
  const connections: RedisConnection[] = [];
  const servers: RedisServer[] = [];
  const storeOn = (on: RedisConnection, options: Partial<RedisBalanceStoreOptions> = {}): RedisBalanceStore => {
    const made = new RedisBalanceStore({ connection: on, shards: SHARDS, debitBy, ...options });
    stores.push(made);
    return made;
  };
  const connect = async (url: string, commandTimeoutMs = 1_500): Promise<RedisConnection> => {
    const made = await connectRedis({ urls: [url], commandTimeoutMs });
    connections.push(made);
    return made;
  };
  beforeEach(async () => {
    server = await LosingRedis.start((place) => startRedis({ ...place, args: DURABLE_REDIS }));
    connection = await connect(server.url);
    store = storeOn(connection);
    await openShards(store, SHARDS, 5);
    await installNow(store, rich(USER), rich(OTHER));
  });
  const startServer = async (): Promise<RedisServer> => {
    const made = await startRedis({ args: WITHOUT_WAITING });
    servers.push(made);
    return made;
  };
  /** Makes a server follow another, and resolves when it has all of it. */
  const follow = async (replica: Redis, port: string | number): Promise<void> => {
    await replica.replicaof('127.0.0.1', port);
    while (!(await replica.info('replication')).includes('master_link_status:up')) await delay(10);
  };
  const replicaOf = async (url: string): Promise<[Redis, RedisConnection]> => {
    const made = await connect((await startServer()).url);
    const replica = made.nodes()[0] as Redis;
    await connection.nodes()[0]?.config('SET', 'repl-diskless-sync-delay', '0');
    await follow(replica, new URL(url).port);
    return [replica, made];
  };
  afterEach(async () => {
    for (const made of stores.splice(0)) await made.close();
    for (const made of connections.splice(0)) made.close();
    for (const made of servers.splice(0)) await made.kill();
    await server.end();
  });

  const expectLost = async (of: RedisBalanceStore = store): Promise<void> => {
    await expect(debitOne(of, gift(90))).rejects.toBeInstanceOf(StoreLostError);
    await expect(of.read([USER])).rejects.toBeInstanceOf(StoreLostError);
    await expect(of.install([rich(USER)], new Map([[USER, 5]]))).rejects.toBeInstanceOf(StoreLostError);
    expect(await of.lostShards()).toEqual(SHARDS.allShards());
    // What stands there is from before: an answer that waits for its generation must not go by it.
    expect(await of.generationOf([USER])).toEqual([0]);
    expect(await of.outbox({ nowMs: SAMPLE_START_MS, minAgeMs: 0, limit: 9 })).toEqual([]);
    expect(await of.outboxSize()).toBe(0);
    expect(await of.evictIdle({ nowMs: SAMPLE_START_MS * 2, idleMs: 0, limit: 9 })).toBe(0);
    await of.merge([sampleCounters(USER, 100n)]);
    await of.settle([{ opUserId: USER, eventId: gift(1).event.eventId }]);
  };
  /** What a station does, with the ledger's counters. */
  const expectRecovers = async (counters = sampleCounters(USER, 100n)): Promise<void> => {
    await openShards(store, SHARDS, 9);
    expect(await store.lostShards()).toEqual([]);
    expect(await store.generationOf([USER])).toEqual([9]);
    expect(await store.read([USER])).toEqual([undefined]);
    expect(await debitOne(store, gift(2))).toEqual({ kind: 'miss' });
    await installNow(store, sampleUser(USER, [counters]));
    expect(pendingOf(await debitOne(store, gift(2)))).toMatchObject({ seq: counters.seq + 1, generation: 9 });
    expect(await store.outboxSize()).toBe(1);
  };

  it('restarts with all that it had: it can not be known', async () => {
    await debitOne(store, gift(1));
    await server.restart();
    await readyAgain(connection);
    await expectLost();
    await expectRecovers();
  });

  it('restarts without its last writes', async () => {
    await debitOne(store, gift(1));
    const bytes = await server.written();
    await debitOne(store, gift(2));
    await server.restartCutAt(bytes);
    await readyAgain(connection);
    await expectLost();
    await expectRecovers(sampleCounters(USER, 100n, { debited: 20n, seq: 2 }));
  });

  it('restarts with a file that ends in the middle of a write', async () => {
    await debitOne(store, gift(1));
    await server.restartCutAt((await server.written()) - 7);
    await readyAgain(connection);
    await expectLost();
    await expectRecovers();
  });

  it('restarts with an older copy', async () => {
    const copy = await server.copy();
    await debitOne(store, gift(1));
    await openShards(store, SHARDS, 6);
    await server.restartWith(copy);
    await readyAgain(connection);
    await expectLost();
    await expectRecovers();
  });

  it('restarts empty', async () => {
    await debitOne(store, gift(1));
    await server.restartEmpty();
    await readyAgain(connection);
    await expectLost();
    await expectRecovers();
  });

  it('restarts, and somebody gives it the scripts for other shards', async () => {
    await debitOne(store, gift(1));
    const bytes = await server.written();
    await debitOne(store, gift(2));
    await server.restartCutAt(bytes);
    await readyAgain(connection);
    await storeOn(connection).raiseGeneration([SHARDS.shardOf(OTHER)], 6);
    expect(await store.lostShards()).toEqual(SHARDS.allShards());
    await expect(debitOne(store, gift(3))).rejects.toBeInstanceOf(StoreLostError);
    await expect(store.read([USER])).rejects.toBeInstanceOf(StoreLostError);
    await expectRecovers();
  });

  it('restarts between the rise and the opening', async () => {
    await store.raiseGeneration(SHARDS.allShards(), 6);
    await server.restart();
    await readyAgain(connection);
    await store.open(SHARDS.allShards(), 6);
    await expectLost();
    await storeOn(connection).raiseGeneration([SHARD], 6);
    await store.open(SHARDS.allShards(), 6);
    expect(await store.lostShards()).toEqual(SHARDS.allShards());
    await expectRecovers();
  });

  it('loses a rise behind which a fence stands', async () => {
    const bytes = await server.written();
    await store.raiseGeneration(SHARDS.allShards(), 6);
    await server.restartCutAt(bytes);
    await readyAgain(connection);
    expect(await store.generationOf([USER])).toEqual([0]);
    await store.open(SHARDS.allShards(), 6);
    await expectLost();
    // Nor does it help who knows the older generation.
    await storeOn(connection).raiseGeneration(SHARDS.allShards(), 5);
    await store.open(SHARDS.allShards(), 5);
    await expectLost();
    await expectRecovers();
  });

  it('forgets its scripts', async () => {
    await connection.nodes()[0]?.script('FLUSH');
    if (debitBy === 'script') await expect(debitOne(store, gift(1))).rejects.toBeInstanceOf(StoreLostError);
    expect(await store.lostShards()).toEqual(SHARDS.allShards());
    await expectRecovers();
  });

  it('gets its first replica, which is taken for a loss', async () => {
    // Redis gives its data a new name then. To recover once more does no harm.
    await replicaOf(server.url);
    await expectLost();
    await expectRecovers();
  });

  it('is a replica that was promoted', async () => {
    const [replica, itsConnection] = await replicaOf(server.url);
    await openShards(store, SHARDS, 6);
    await installNow(store, rich(USER));
    await debitOne(store, gift(1));
    await connection.nodes()[0]?.wait(1, 1_000);
    // A replica is no store, whatever stands in it, and whoever gave it the scripts.
    const its = storeOn(itsConnection);
    expect(await its.lostShards()).toEqual(SHARDS.allShards());
    await its.raiseGeneration([SHARD], 6);
    expect(await its.lostShards()).toEqual(SHARDS.allShards());
    await expect(debitOne(its, gift(1))).rejects.toBeInstanceOf(StoreLostError);
    await replica.replicaof('NO', 'ONE');
    await expectLost(its);
  });

  it('was demoted and promoted again without its last writes, and still has its scripts', async () => {
    const [replica] = await replicaOf(server.url);
    await openShards(store, SHARDS, 6);
    await installNow(store, rich(USER));
    await debitOne(store, gift(1));
    await connection.nodes()[0]?.wait(1, 1_000);
    await replica.replicaof('NO', 'ONE');
    await debitOne(store, gift(2));
    const itself = connection.nodes()[0] as Redis;
    await follow(itself, replica.options.port as number);
    await itself.replicaof('NO', 'ONE');
    expect(await itself.get(KEYS.state(SHARD))).toMatch(/^6 1 /);
    await expectLost();
    await expectRecovers(sampleCounters(USER, 100n, { debited: 20n, seq: 2 }));
  });

  it('answers nothing for a while: calls end, and the same request gets its first answer', async () => {
    const hasty = storeOn(await connect(server.url, 100));
    const first = decided(await debitOne(hasty, gift(1)));
    server.pause();
    const begunAt = performance.now();
    const answers = await Promise.allSettled([debitOne(hasty, gift(2)), hasty.read([USER]), hasty.outboxSize()]);
    expect(performance.now() - begunAt).toBeLessThan(2_000);
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 'rejected', reason: { reason: 'BALANCE_STORE_UNAVAILABLE' } });
    server.resume();
    await readyAgain(connection);
    const second = decided(await debitOne(store, gift(2)));
    expect(second.marker.opUserBalance).toBe(80n);
    expect(decided(await debitOne(store, gift(1)))).toEqual({ ...first, duplicate: true });
    expect((await store.read([USER]))[0]?.accounts).toMatchObject([{ debited: 20n, seq: 2 }]);
  });

  it('loses connections in the middle of calls: repeated requests get one answer', async () => {
    const killer = await connected(Number(new URL(server.url).port));
    let killed = 0;
    const answers: DebitResult[] = [];
    for (let id = 1; id <= 30; id += 1) {
      let answer: DebitResult | undefined;
      while (answer === undefined) {
        const debiting = debitOne(store, gift(id, USER, 1n)).catch(() => undefined);
        // From a connection of its own, so it comes before, in or after the call.
        if (id % 3 === 1 && killed < id) {
          killed = id;
          await killer.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        }
        answer = await debiting;
        if (answer === undefined) await readyAgain(connection);
      }
      answers.push(answer);
    }
    killer.disconnect();
    expect(answers.map((answer) => decided(answer).marker.opUserBalance)).toEqual(
      answers.map((_, index) => BigInt(99 - index)),
    );
    expect(await store.outboxSize()).toBe(30);
    expect((await store.read([USER]))[0]?.accounts).toMatchObject([{ debited: 30n, seq: 30 }]);
  });

  it('has a key of another kind, or no memory: nothing of the call is done', async () => {
    const redis = connection.nodes()[0];
    const [outbox, user] = [KEYS.outbox(SHARDS.shardOf(OTHER)), KEYS.user(SHARDS.shardOf(OTHER), OTHER)];
    const both = [gift(1), gift(1, OTHER)];
    // Without scripts each shard is a step of its own.
    const asked = debitBy === 'script' ? both : [gift(1, OTHER)];
    await redis?.set(outbox, 'text');
    await expect(store.debit(asked)).rejects.toThrow('WRONGTYPE');
    await redis?.del(outbox);
    await redis?.copy(user, 'saved');
    await redis?.set(user, 'text');
    await expect(store.debit(asked)).rejects.toThrow(/data string too short|are no user's record/);
    await redis?.rename('saved', user);
    await redis?.config('SET', 'maxmemory', '1');
    await expect(store.debit(asked)).rejects.toThrow(/OOM|EXECABORT/);
    await redis?.config('SET', 'maxmemory', '0');
    expect(await store.outboxSize()).toBe(0);
    expect((await store.debit(both)).map((answer) => decided(answer).duplicate)).toEqual([false, false]);
  });
});

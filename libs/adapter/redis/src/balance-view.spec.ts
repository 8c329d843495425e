import { ShardMap } from '@giftmesh/domain-money';
import {
  installNow,
  openShards,
  sampleCounters,
  sampleGift,
  sampleRequest,
  sampleUser,
  SAMPLE_START_MS,
} from '@giftmesh/domain-money/testing';
import { startRedis, startRedisCluster } from '@giftmesh/tool-infra';
import { connectRedis, RedisBalanceStore, RedisBalanceView, type RedisConnection } from './index';

jest.setTimeout(60_000);

const SHARDS = new ShardMap(8, 2);
const USERS = Array.from({ length: 40 }, (_, index) => BigInt(index + 1));
const [ALICE, BOB] = [USERS[0], USERS[1]] as [bigint, bigint];

const servers = {
  'one server': async () => {
    const server = await startRedis();
    return { urls: [server.url], kill: () => server.kill() };
  },
  'a cluster': async () => {
    const cluster = await startRedisCluster({ replicas: 0 });
    return { urls: cluster.urls, kill: () => cluster.kill() };
  },
};

describe.each(Object.entries(servers))('RedisBalanceView on %s', (_name, start) => {
  let kill: () => Promise<unknown>;
  let connection: RedisConnection;
  let store: RedisBalanceStore;
  let view: RedisBalanceView;

  beforeAll(async () => {
    const server = await start();
    kill = server.kill;
    connection = await connectRedis({ urls: server.urls });
    // A name in which a pattern has signs of its own.
    const prefix = 'a*[b]?:';
    store = new RedisBalanceStore({ connection, shards: SHARDS, prefix });
    view = new RedisBalanceView({ connection, shards: SHARDS, prefix });
    const other = new RedisBalanceStore({ connection, shards: SHARDS });
    for (const each of [store, other]) await openShards(each, SHARDS, 1);
    await installNow(store, ...USERS.map((userId) => sampleUser(userId, [sampleCounters(userId, 100n)])));
    await installNow(other, sampleUser(777n, [sampleCounters(777n, 1n)]));
    // Two of Alice's, the second one a refusal, and one of Bob's that is settled.
    const gift = (id: number, from: bigint, amount: bigint) =>
      sampleRequest(sampleGift({ id, from, amount }), { nowMs: SAMPLE_START_MS + id });
    await store.debit([gift(1, ALICE, 60n), gift(2, ALICE, 60n), gift(3, BOB, 5n)]);
    await store.settle([{ opUserId: BOB, eventId: gift(3, BOB, 5n).event.eventId }]);
  });
  afterAll(async () => {
    connection?.close();
    await kill?.();
  });

  it('finds all users, and no others', async () => {
    const found = new Set<bigint>();
    for await (const page of view.users()) page.forEach((userId) => found.add(userId));
    expect([...found].sort((a, b) => Number(a - b))).toEqual(USERS);
  });

  it('tells accounts as the store has them, of those who are in place', async () => {
    const accounts = await view.accountsOf([...USERS, 999n]);
    expect(accounts).toHaveLength(USERS.length);
    const stored = await store.read([...USERS, 999n]);
    expect(accounts).toEqual(stored.flatMap((user) => user?.accounts ?? []));
  });

  it('tells what a user has not got confirmed, and how shards stand', async () => {
    const { accounts, pending } = await view.user(ALICE);
    expect(accounts).toMatchObject([{ debited: 60n, seq: 1 }]);
    expect(pending.map(({ outcome }) => outcome).sort()).toEqual(['applied', 'insufficient_balance']);
    expect(await view.user(BOB)).toMatchObject({ accounts: [{ debited: 5n }], pending: [] });
    expect(await view.user(999n)).toEqual({ accounts: [], pending: [] });
    const shards = await view.shards();
    expect(shards).toHaveLength(SHARDS.shardCount);
    expect(shards.every(({ usable, generation }) => usable && generation === 1)).toBe(true);
    expect(shards.filter(({ outboxSize }) => outboxSize > 0)).toEqual([
      expect.objectContaining({ shard: SHARDS.shardOf(ALICE), outboxSize: 2, oldestMs: SAMPLE_START_MS + 1 }),
    ]);
    expect((await view.outbox(10)).map(({ decidedAtMs }) => decidedAtMs)).toEqual([
      SAMPLE_START_MS + 1,
      SAMPLE_START_MS + 2,
    ]);
    expect(await view.outbox(1)).toHaveLength(1);
  });

  it('changes nothing, and believes nothing that stands in a shard that waits for its recovery', async () => {
    const shard = SHARDS.shardOf(ALICE);
    await store.raiseGeneration([shard], 2);
    expect((await view.shards())[shard]).toMatchObject({ usable: false, generation: 2 });
    expect(await view.accountsOf([ALICE])).toEqual([]);
    await store.open([shard], 2);
    expect((await view.shards())[shard]).toMatchObject({ usable: true, generation: 2 });
    // Installed under the generation before.
    expect(await view.accountsOf([ALICE])).toEqual([]);
    expect(await view.user(ALICE)).toEqual({ accounts: [], pending: [] });
  });
});

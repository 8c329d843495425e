import { balanceStoreContract } from '@giftmesh/domain-money/testing';
import { DURABLE_REDIS, startRedisCluster, type RedisCluster } from '@giftmesh/tool-infra';
import { storesOn } from './balance-store-test-kit';
import { connectRedis, requireRedis, type RedisConnection } from './index';

jest.setTimeout(60_000);
/** A call takes a round trip a shard here, and a property makes hundreds in each run. */
const PROPERTY_RUNS = 8;

let cluster: RedisCluster;
let connection: RedisConnection;
beforeAll(async () => {
  cluster = await startRedisCluster({ args: DURABLE_REDIS });
  connection = await connectRedis({ urls: cluster.urls });
  await requireRedis(connection, 'always');
});
afterAll(async () => {
  connection.close();
  await cluster.kill();
});

balanceStoreContract(
  'RedisBalanceStore on a cluster of six nodes',
  storesOn(() => connection),
  PROPERTY_RUNS,
);
balanceStoreContract(
  'RedisBalanceStore on a cluster, with debits by WATCH',
  storesOn(() => connection, { debitBy: 'watch' }),
  PROPERTY_RUNS,
);

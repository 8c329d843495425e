import { balanceStoreContract } from '@giftmesh/domain-money/testing';
import { DURABLE_REDIS, startRedis, type RedisServer } from '@giftmesh/tool-infra';
import { storesOn } from './balance-store-test-kit';
import { connectRedis, requireRedis, type RedisConnection } from './index';

jest.setTimeout(60_000);
/** A call takes a round trip here, and a property makes hundreds in each run. */
const PROPERTY_RUNS = 20;

let server: RedisServer;
let connection: RedisConnection;
beforeAll(async () => {
  server = await startRedis({ args: DURABLE_REDIS });
  connection = await connectRedis({ urls: [server.url] });
  await requireRedis(connection, 'always');
});
afterAll(async () => {
  connection.close();
  await server.kill();
});

balanceStoreContract(
  'RedisBalanceStore',
  storesOn(() => connection),
  PROPERTY_RUNS,
);
balanceStoreContract(
  'RedisBalanceStore with debits by WATCH',
  storesOn(() => connection, { debitBy: 'watch' }),
  PROPERTY_RUNS,
);

import { ledgerContract } from '@giftmesh/domain-money/testing';
import type { MysqlLedger } from './ledger';
import { freshDatabase, testServer, type TestDatabase, type TestServer } from './mysql-test-kit';

let server: TestServer;
let database: TestDatabase;
beforeAll(async () => {
  server = await testServer();
  database = await freshDatabase(server.url);
}, 60_000);
afterAll(async () => {
  await database.drop();
  await server.kill();
});

ledgerContract('MysqlLedger', async ({ clock, shards }) => {
  const open = (): Promise<MysqlLedger> => database.open({ clock, shards, allowUnsafeServer: true });
  let ledger = await open();
  return {
    ledger,
    reopen: async () => {
      await ledger.close();
      ledger = await open();
      return ledger;
    },
    dispose: () => database.empty(),
  };
});

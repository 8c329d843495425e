import { ledgerContract } from '@giftmesh/domain-money/testing';
import { startMariaDb, type MariaDbServer } from '@giftmesh/tool-infra';
import type { MysqlLedger } from './ledger';
import { FAST_SERVER, freshDatabase, type TestDatabase } from './mysql-test-kit';

let server: MariaDbServer;
let database: TestDatabase;
beforeAll(async () => {
  server = await startMariaDb({ args: FAST_SERVER });
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

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ledgerContract } from '@giftmesh/domain-money/testing';
import { SqliteLedger } from './ledger';

ledgerContract('SqliteLedger', async ({ clock, shards }) => {
  const folder = mkdtempSync(join(tmpdir(), 'giftmesh-ledger-'));
  // Durability is not what these tests can see, and fsync is slow.
  const open = (): SqliteLedger =>
    new SqliteLedger({ path: join(folder, 'ledger.db'), clock, shards, durability: 'none' });
  let ledger = open();
  return {
    ledger,
    reopen: async () => {
      await ledger.close();
      ledger = open();
      return ledger;
    },
    dispose: async () => {
      await ledger.close();
      rmSync(folder, { recursive: true });
    },
  };
});

import { join } from 'node:path';
import { auditLedgerInThread, SqliteEventLog, SqliteLedger, lockDataFolder } from '@giftmesh/adapter-sqlite';
import { LogSettledNotices, type ShardMap } from '@giftmesh/domain-money';
import type { Clock } from '@giftmesh/kernel-time';
import { moneyLogCodec, settledNoticeCodec } from '@giftmesh/wire-money';
import type { Settings } from './settings';
import type { DaStores } from './stores';

/** How long notices are kept for stations that come late, milliseconds. */
const NOTICES_KEPT_MS = 60_000;

/** Ledger and event log in the data folder; it reads the log that a station of the same folder writes. */
export function openEmbeddedStores(config: Settings, shards: ShardMap, clock: Clock): DaStores {
  const folder = config.GIFTMESH_DATA_DIR;
  const lock = lockDataFolder(folder, 'ledger');
  const log = new SqliteEventLog({
    path: join(folder, 'events.sqlite'),
    codec: moneyLogCodec,
    partitionCount: shards.partitionCount,
    writer: 'inline',
  });
  const settled = new SqliteEventLog({
    path: join(folder, 'settled.sqlite'),
    codec: settledNoticeCodec,
    partitionCount: 1,
    durability: 'none',
    writer: 'inline',
    retentionMs: NOTICES_KEPT_MS,
  });
  const ledgerPath = join(folder, 'ledger.sqlite');
  const ledger = new SqliteLedger({ path: ledgerPath, clock, shards });
  return {
    ledger,
    log,
    notices: new LogSettledNotices(settled, clock),
    audit: () => auditLedgerInThread(ledgerPath),
    close: async () => {
      await Promise.all([ledger.close(), log.close(), settled.close()]);
      lock.release();
    },
  };
}

import { KafkaEventLog } from '@giftmesh/adapter-kafka';
import { MysqlLedger, MysqlLedgerView } from '@giftmesh/adapter-mysql';
import { moneyTopic } from '@giftmesh/adapter-process';
import { connectRedis } from '@giftmesh/adapter-redis';
import type { LogEntry, ShardMap } from '@giftmesh/domain-money';
import { withoutPassword } from '@giftmesh/kernel-errors';
import { systemClock } from '@giftmesh/kernel-time';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { readUnapplied } from '../reconcile/unapplied';
import type { OperatorBooks, OperatorStores } from '../stores';
import { redisBalances } from './redis-balances';
import type { ServerPlaces } from './server-places';

/** Who looks is a person: servers that don't answer are told of soon. Milliseconds. */
const WAIT_MS = 5_000;
/** A look reads pages, not single debits, and may be far away: milliseconds. */
const REDIS_ANSWER_MS = 10_000;

/** The stores of a mesh on servers: MariaDB, Kafka and Redis, each opened when a command needs it. */
export function serverStores(
  places: ServerPlaces,
  shards: ShardMap,
  onProgress: (text: string) => void,
): OperatorStores {
  const mysql = { url: places.GIFTMESH_MYSQL_URL, connectWaitMs: WAIT_MS, onWaiting: onProgress };
  const openLog = (): Promise<KafkaEventLog<LogEntry>> =>
    KafkaEventLog.open({
      ...moneyTopic(places),
      // Who looks makes nothing.
      createTopic: false,
      codec: moneyLogCodec,
      partitionCount: shards.partitionCount,
      startTimeoutMs: WAIT_MS,
      clock: systemClock,
      onWaiting: onProgress,
    });
  return {
    name: withoutPassword(places.GIFTMESH_MYSQL_URL),
    shards,
    openBooks: () => openBooks(() => MysqlLedgerView.open(mysql), openLog, shards, onProgress),
    openLedger: () => MysqlLedger.open({ ...mysql, clock: systemClock, shards, migrate: 'check', connectionsMax: 1 }),
    openBalances: async () => {
      const connection = await connectRedis({
        urls: places.GIFTMESH_REDIS_URL,
        waitMs: WAIT_MS,
        commandTimeoutMs: REDIS_ANSWER_MS,
        onWaiting: onProgress,
      });
      const place = places.GIFTMESH_REDIS_URL.map(withoutPassword).join(', ');
      return redisBalances(connection, shards, { place, prefix: places.GIFTMESH_REDIS_PREFIX });
    },
  };
}

/** The ledger as of now; the log is opened by the first who asks for it, behind the ledger's look as it must be. */
async function openBooks(
  openView: () => Promise<MysqlLedgerView>,
  openLog: () => Promise<KafkaEventLog<LogEntry>>,
  shards: ShardMap,
  onProgress: (text: string) => void,
): Promise<OperatorBooks> {
  const ledger = await openView();
  let log: Promise<KafkaEventLog<LogEntry>> | undefined;
  return {
    ledger,
    unapplied: async () =>
      readUnapplied(ledger, await (log ??= openLog()), shards, (records) =>
        onProgress(`reading the log: ${records.toLocaleString('en-US')} records that are not in the ledger`),
      ),
    close: async () => {
      const opened = await log?.catch(() => undefined);
      await Promise.all([ledger.close(), opened?.close()]);
    },
  };
}

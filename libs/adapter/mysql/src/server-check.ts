import type { ShardMap } from '@giftmesh/domain-money';
import { LedgerDatabaseError, type LedgerDatabaseProblem } from './ledger-database-error';
import type { MysqlSession } from './mysql-session';

/** Largest statement that a server must take: a parked record of 4 MiB, in hexadecimal digits. */
export const PACKET_BYTES_MIN = 16 * 1024 * 1024;
const MYSQL_MIN = [8, 0];
const MARIADB_MIN = [10, 6];

/** What a server is checked for. */
export interface ServerCheckOptions {
  readonly place: string;
  readonly allowUnsafeServer: boolean;
}

/** Refuses, with `LedgerDatabaseError`, a server that the ledger can't rely on. */
export async function checkServer(
  session: MysqlSession,
  { place, allowUnsafeServer }: ServerCheckOptions,
): Promise<void> {
  const fail = (problem: LedgerDatabaseProblem, detail: string): never => {
    throw new LedgerDatabaseError(problem, place, detail);
  };
  const [row] = await session.rows<[string, ...(string | number)[]]>(
    `SELECT VERSION(), @@global.innodb_flush_log_at_trx_commit, @@global.sync_binlog, @@global.log_bin,
            @@global.binlog_format, @@global.read_only, @@max_allowed_packet`,
  );
  const [version, flush, syncBinlog, logBin, format, readOnly, packet] = row ?? [''];
  if (!isSupported(version)) fail('unsupported_server', `it is version ${version}`);
  if (isOn(readOnly)) fail('read_only', 'it is read-only');
  if (isOn(logBin) && String(format) === 'STATEMENT')
    fail('unsupported_server', 'its binlog_format is STATEMENT, with which nothing can be written at READ COMMITTED');
  if (Number(packet) < PACKET_BYTES_MIN)
    fail('unsupported_server', `its max_allowed_packet is ${packet}, and ${PACKET_BYTES_MIN} are needed`);
  if (allowUnsafeServer) return;
  if (Number(flush) !== 1) fail('unsafe_server', `its innodb_flush_log_at_trx_commit is ${flush}`);
  // Without a binary log there is none to lose.
  if (isOn(logBin) && Number(syncBinlog) !== 1) fail('unsafe_server', `its sync_binlog is ${syncBinlog}`);
}

/** TiDB says that it is MySQL 8 in front of its own version, or 5.7 in its older ones. */
function isSupported(version: string): boolean {
  if (version.includes('TiDB')) return true;
  const [major = 0, minor = 0] = version.split(/[.-]/).map(Number);
  const [least, leastMinor] = (version.includes('MariaDB') ? MARIADB_MIN : MYSQL_MIN) as [number, number];
  return major > least || (major === least && minor >= leastMinor);
}

const isOn = (value: unknown): boolean => value === 1 || value === '1' || value === 'ON';

/**
 * Writes down the numbers of shards and partitions with which the ledger is made, or compares them: with others, users would live
 * elsewhere and the positions would be of other partitions.
 */
export async function checkLayout(session: MysqlSession, place: string, shards: ShardMap): Promise<void> {
  await session.run(
    `INSERT INTO ledger_layout (id, shard_count, partition_count)
     VALUES (1, ${shards.shardCount}, ${shards.partitionCount}) ON DUPLICATE KEY UPDATE id = VALUES(id)`,
  );
  const [row] = await session.rows<[shardCount: number, partitionCount: number]>(
    'SELECT shard_count, partition_count FROM ledger_layout WHERE id = 1',
  );
  if (row?.[0] !== shards.shardCount || row[1] !== shards.partitionCount)
    throw new LedgerDatabaseError(
      'other_layout',
      place,
      `it has ${row?.[0]} shards in ${row?.[1]} partitions, and ${shards.shardCount} in ${shards.partitionCount} are configured`,
    );
}

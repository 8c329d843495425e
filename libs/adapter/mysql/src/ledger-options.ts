import type { SslOptions } from 'mysql2';
import { integerWithin } from '@giftmesh/kernel-errors';
import type { Clock } from '@giftmesh/kernel-time';
import type { ShardMap } from '@giftmesh/domain-money';
import { parseDatabaseUrl, type DatabasePlace } from './database-url';
import { DDL_DIALECTS, type DdlDialect } from './schema-ddl';

/** How a database is reached. */
export interface MysqlPlaceOptions {
  /** `mysql://user:password@host:port/database`, percent-encoded where needed. The database must exist. */
  readonly url: string;
  /** TLS, as mysql2 takes it: `{ ca }` for a certificate of one's own. Default none. */
  readonly tls?: SslOptions;
  /** How long a server that does not answer yet is waited for, milliseconds, 0 to 600,000. Default 30,000. */
  readonly connectWaitMs?: number;
  /** Told once, when a server is waited for: for how long, and why. Default nobody. */
  readonly onWaiting?: (message: string) => void;
  /** How long the server waits for a row's lock before the transaction begins anew, seconds, 1 to 50. Default 5. */
  readonly lockWaitS?: number;
  /**
   * After which a statement that nothing was heard of fails, milliseconds, at least a second above `lockWaitS`, to 600,000. Default
   * 20,000, or four times `lockWaitS`.
   */
  readonly statementTimeoutMs?: number;
}

export interface MysqlLedgerOptions extends MysqlPlaceOptions {
  readonly clock: Clock;
  /** Of the same counts for the whole life of the database: another one is refused. */
  readonly shards: ShardMap;
  /** `apply` brings the schema up to this version, `check` refuses another one. Default `apply`. */
  readonly migrate?: 'apply' | 'check';
  /** Makes the database when the server has none of this name. Default false: that is refused. */
  readonly createDatabase?: boolean;
  /** Whose tables are made. Default `mysql`, which is MariaDB too. */
  readonly dialect?: DdlDialect;
  /** Most connections, 1 to 256. One call uses one. Default 8. */
  readonly connectionsMax?: number;
  /** Accepts a server that may lose its last commits in a power cut. Default false. */
  readonly allowUnsafeServer?: boolean;
}

/** Options with their defaults, checked. */
export interface CheckedPlaceOptions {
  readonly place: DatabasePlace;
  readonly tls: SslOptions | undefined;
  readonly connectWaitMs: number;
  readonly lockWaitS: number;
  readonly statementTimeoutMs: number;
  readonly onWaiting?: (message: string) => void;
}

/** Throws RangeError for options that can't be. */
export function checkPlaceOptions(options: MysqlPlaceOptions): CheckedPlaceOptions {
  const lockWaitS = integerWithin('lockWaitS', options.lockWaitS ?? 5, 1, 50);
  const timeoutMs = options.statementTimeoutMs ?? Math.max(20_000, lockWaitS * 4_000);
  return {
    place: parseDatabaseUrl(options.url),
    tls: options.tls,
    ...(options.onWaiting === undefined ? {} : { onWaiting: options.onWaiting }),
    connectWaitMs: integerWithin('connectWaitMs', options.connectWaitMs ?? 30_000, 0, 600_000),
    lockWaitS,
    statementTimeoutMs: integerWithin('statementTimeoutMs', timeoutMs, (lockWaitS + 1) * 1_000, 600_000),
  };
}

/** Throws RangeError for options that can't be. */
export function checkLedgerOptions(
  options: Omit<MysqlLedgerOptions, 'clock' | 'shards'>,
): CheckedPlaceOptions &
  Required<
    Pick<MysqlLedgerOptions, 'migrate' | 'createDatabase' | 'dialect' | 'connectionsMax' | 'allowUnsafeServer'>
  > {
  const { migrate = 'apply', createDatabase = false, dialect = 'mysql', allowUnsafeServer = false } = options;
  if (migrate !== 'apply' && migrate !== 'check')
    throw new RangeError(`migrate must be apply or check, got ${String(migrate)}`);
  if (!DDL_DIALECTS.includes(dialect))
    throw new RangeError(`dialect must be one of ${DDL_DIALECTS.join(', ')}, got ${String(dialect)}`);
  return {
    ...checkPlaceOptions(options),
    migrate,
    createDatabase,
    dialect,
    allowUnsafeServer,
    connectionsMax: integerWithin('connectionsMax', options.connectionsMax ?? 8, 1, 256),
  };
}

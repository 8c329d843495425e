import { assertNever, StartRefusedError } from '@giftmesh/kernel-errors';

/**
 * Why a database can't be used as a ledger:
 * - `unreachable`: nobody answered in time.
 * - `access_denied`: wrong user or password, or missing rights.
 * - `no_database`: the server has no such database.
 * - `unsupported_server`: too old, or set up in a way that transactions here can't work with.
 * - `unsafe_server`: it may lose what it has committed.
 * - `read_only`: it takes no writes.
 * - `schema_too_old`, `schema_too_new`: other versions of the tables than this program's.
 * - `schema_changed`: the tables are not what their version says.
 * - `other_layout`: written with other numbers of shards or partitions.
 */
export type LedgerDatabaseProblem =
  | 'unreachable'
  | 'access_denied'
  | 'no_database'
  | 'unsupported_server'
  | 'unsafe_server'
  | 'read_only'
  | 'schema_too_old'
  | 'schema_too_new'
  | 'schema_changed'
  | 'other_layout';

/** A database can't be used as a ledger. Nothing that was in it has been changed. */
export class LedgerDatabaseError extends StartRefusedError {
  override readonly name = 'LedgerDatabaseError';

  /** @param place host, port and database; never the password. */
  constructor(
    readonly problem: LedgerDatabaseProblem,
    readonly place: string,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(
      `the database at ${place}: ${detail} (${adviceFor(problem)})`,
      problem === 'other_layout' ? 'layout' : 'mysql',
      options,
    );
  }
}

function adviceFor(problem: LedgerDatabaseProblem): string {
  switch (problem) {
    case 'unreachable':
      return 'check that the server runs and that host and port are right, or wait longer: connectWaitMs';
    case 'access_denied':
      return 'check user and password, and that the user may SELECT, INSERT, UPDATE, DELETE, and CREATE to apply the schema';
    case 'no_database':
      return 'create the database, or name another one';
    case 'unsupported_server':
      return 'use MySQL 8, MariaDB 10.6 or later with row-based binary logs';
    case 'unsafe_server':
      return 'set innodb_flush_log_at_trx_commit = 1 and sync_binlog = 1, or accept the loss: allowUnsafeServer';
    case 'read_only':
      return 'name the primary server';
    case 'schema_too_old':
      return "apply the schema: migrate 'apply', or the scripts in ddl/";
    case 'schema_too_new':
      return 'run the newer version of this program';
    case 'schema_changed':
      return 'nothing was changed; bring the tables back to what their version says';
    case 'other_layout':
      return 'nothing was changed; configure the numbers that the ledger was made with';
    default:
      return assertNever(problem);
  }
}

export { LedgerUnavailableError } from '@giftmesh/domain-money';

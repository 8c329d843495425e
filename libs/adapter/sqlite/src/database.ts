import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { asDataFileError, DataFileError, sqliteCodeOf } from './data-file-error';
import { readFileHeader } from './file-header';

/** An open SQLite file. */
export type Database = BetterSqlite3.Database;

/**
 * What a commit waits for. `fsync`: the disk has it, so it survives a power cut. `none`: the operating system has it, so it
 * survives `kill -9`; a power cut may take the last commits, never the file's wholeness.
 */
export type Durability = 'fsync' | 'none';

export interface OpenDatabaseOptions {
  /** Whose file it is: a positive 32-bit number, written into the file's header (`PRAGMA application_id`). */
  readonly applicationId: number;
  /** Version of the schema that the caller speaks, from 1 (`PRAGMA user_version`). */
  readonly schemaVersion: number;
  /**
   * Brings the schema from `fromVersion` to `schemaVersion`; 0 is a new file. Runs in a transaction together with the
   * change of version, so it happens whole or not at all.
   */
  readonly migrate: (db: Database, fromVersion: number) => void;
  readonly durability: Durability;
  /** Open for reading only: the file must exist and have the right version. Default false. */
  readonly readonly?: boolean;
  /** How long a statement waits for another process's write lock. Default 5000. */
  readonly busyTimeoutMs?: number;
}

/** Files up to this size are checked page by page when they are opened (about 0.2 s); larger ones when they are read. */
export const CHECKED_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Opens or makes a SQLite file in WAL mode. Throws {@link DataFileError}, and changes nothing, for a file that is corrupt,
 * another program's, of a newer version, locked or not writable.
 */
export function openDatabase(path: string, options: OpenDatabaseOptions): Database {
  for (const name of ['applicationId', 'schemaVersion'] as const) {
    if (!Number.isInteger(options[name]) || options[name] < 1 || options[name] > 0x7fffffff)
      throw new RangeError(`${name} must be an integer of 1 to 2^31 - 1, is ${options[name]}`);
  }
  let db: Database | undefined;
  try {
    const isNew = refuseByHeader(path, options) === 'new';
    // Checked on a connection that can't write: opening for writing may already change a stranger's file.
    if (!isNew) checkBeforeWriting(path, options);
    db = new BetterSqlite3(path, { readonly: options.readonly ?? false, timeout: timeoutOf(options) });
    prepare(db, path, options);
    return db;
  } catch (error) {
    db?.close();
    throw asDataFileError(path, error);
  }
}

function timeoutOf(options: OpenDatabaseOptions): number {
  return options.busyTimeoutMs ?? 5000;
}

function bytesOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Refuses by the file's first bytes alone, before SQLite has seen it. */
function refuseByHeader(path: string, options: OpenDatabaseOptions): 'new' | 'known' {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || (found.isFile() && found.size === 0)) {
    if (options.readonly === true) throw new DataFileError('not_writable', path, 'there is no such data file to read');
    if (!existsSync(dirname(path))) throw new DataFileError('not_writable', path, 'its folder does not exist');
    return 'new';
  }
  if (!found.isFile()) throw new DataFileError('not_writable', path, 'is not a file');
  const header = readFileHeader(path);
  // In WAL mode the newest header may still stand in the file beside, so only a plain difference refuses here.
  if (header !== undefined && header.applicationId !== 0 && header.applicationId !== options.applicationId)
    throw new DataFileError('foreign', path, `belongs to another program (application id ${header.applicationId})`);
  // A change that was cut off by a crash is still to be completed or taken back: SQLite must do that first.
  if (bytesOf(`${path}-wal`) > 0 || bytesOf(`${path}-journal`) > 0) return 'known';
  if (header === undefined) throw new DataFileError('corrupt', path, 'is damaged, or not a SQLite file');
  if (header.bytes !== undefined && found.size < header.bytes)
    throw new DataFileError('corrupt', path, `is cut off: ${found.size} of ${header.bytes} bytes are there`);
  return 'known';
}

function checkBeforeWriting(path: string, options: OpenDatabaseOptions): void {
  const db = new BetterSqlite3(path, { readonly: true, timeout: timeoutOf(options) });
  try {
    refuseByContent(db, path, options);
    if (bytesOf(path) > CHECKED_BYTES_MAX) return;
    const verdict = db.pragma('quick_check(1)', { simple: true });
    if (verdict !== 'ok') throw new DataFileError('corrupt', path, `is damaged: ${String(verdict)}`);
  } catch (error) {
    // Only a writer may take back what a crash has left half done; the content is looked at again behind that.
    if (!/^SQLITE_READONLY/.test(sqliteCodeOf(error) ?? '')) throw error;
  } finally {
    db.close();
  }
}

/** The file's schema version, 0 for an empty file; throws for files that are not the caller's. */
function refuseByContent(db: Database, path: string, options: OpenDatabaseOptions): number {
  const applicationId = db.pragma('application_id', { simple: true }) as number;
  const version = db.pragma('user_version', { simple: true }) as number;
  const tables = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() as number;
  if (applicationId === 0 && version === 0 && tables === 0) return 0;
  if (applicationId !== options.applicationId)
    throw new DataFileError('foreign', path, `belongs to another program (application id ${applicationId})`);
  if (version > options.schemaVersion)
    throw new DataFileError(
      'too_new',
      path,
      `has schema version ${version}, and ${options.schemaVersion} is known here`,
    );
  return version;
}

function prepare(db: Database, path: string, options: OpenDatabaseOptions): void {
  if (options.readonly === true) {
    const version = refuseByContent(db, path, options);
    if (version !== options.schemaVersion)
      throw new DataFileError(
        'not_writable',
        path,
        `has schema version ${version}, and can't be migrated while reading`,
      );
    return;
  }
  // macOS's fsync leaves the data in the drive's cache; elsewhere these two do nothing.
  if (options.durability === 'fsync') db.pragma('fullfsync = ON');
  if (options.durability === 'fsync') db.pragma('checkpoint_fullfsync = ON');
  // The schema is made before the switch to WAL, so that the file's own header says whose it is from the start.
  db.pragma('synchronous = FULL');
  db.transaction(() => {
    const version = refuseByContent(db, path, options);
    if (version === options.schemaVersion) return;
    options.migrate(db, version);
    db.pragma(`application_id = ${options.applicationId}`);
    db.pragma(`user_version = ${options.schemaVersion}`);
  }).immediate();
  const mode = db.pragma('journal_mode = WAL', { simple: true });
  if (mode !== 'wal') throw new DataFileError('not_writable', path, `can't be put into WAL mode (is ${String(mode)})`);
  // The files beside it are made by the first look: what keeps them from being made is known here, and not in the middle of work.
  db.prepare('SELECT count(*) FROM sqlite_schema').get();
  db.pragma(`synchronous = ${options.durability === 'fsync' ? 'FULL' : 'NORMAL'}`);
  db.pragma('journal_size_limit = 67108864');
}

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { asDataFileError, DataFileError } from './data-file-error';

/** A held lock. It ends with the process, however that ends. */
export interface DataFolderLock {
  /** The file that carries the lock. Nobody in this process may open it by other means: closing it would free the lock. */
  readonly path: string;
  /** Frees the lock; again does nothing. */
  release(): void;
}

/** How long a lock that somebody seems to have is tried, milliseconds: it may be a look of {@link isDataFolderLocked}. */
const LOOK_MAX_MS = 250;
const ROLE = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * Makes this process the only one that plays `role` (lower-case word: `ledger`, `standalone`) on the data in `folder`, which
 * is made if need be. The lock is an open SQLite transaction on `<role>.lock`, so the operating system frees it even after
 * `kill -9`. Throws {@link DataFileError}: `locked` when somebody has it.
 */
export function lockDataFolder(folder: string, role: string): DataFolderLock {
  const path = lockPath(folder, role);
  let db: BetterSqlite3.Database | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    db = new BetterSqlite3(path, { timeout: LOOK_MAX_MS });
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db?.close();
    const known = asDataFileError(path, error);
    if (known instanceof DataFileError && known.problem === 'locked')
      throw new DataFileError('locked', path, `another process is ${role} on this folder`, { cause: error });
    throw known;
  }
  const held = db;
  return {
    path,
    release: () => {
      if (held.open) held.close();
    },
  };
}

/**
 * True while somebody plays `role` on the data in `folder`. Only looks: makes no file and keeps nobody from taking the lock.
 * Throws {@link DataFileError} when the lock's file can't be read.
 */
export function isDataFolderLocked(folder: string, role: string): boolean {
  const path = lockPath(folder, role);
  if (!existsSync(path)) return false;
  let db: BetterSqlite3.Database | undefined;
  try {
    db = new BetterSqlite3(path, { readonly: true, timeout: 0 });
    db.pragma('schema_version');
    return false;
  } catch (error) {
    const known = asDataFileError(path, error);
    if (known instanceof DataFileError && known.problem === 'locked') return true;
    throw known;
  } finally {
    db?.close();
  }
}

function lockPath(folder: string, role: string): string {
  if (!ROLE.test(role)) throw new RangeError(`role must be a lower-case word, is ${JSON.stringify(role)}`);
  return join(folder, `${role}.lock`);
}

import { mkdirSync } from 'node:fs';
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

const ROLE = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * Makes this process the only one that plays `role` (lower-case word: `ledger`, `standalone`) on the data in `folder`, which
 * is made if need be. The lock is an open SQLite transaction on `<role>.lock`, so the operating system frees it even after
 * `kill -9`. Throws {@link DataFileError}: `locked` when somebody has it.
 */
export function lockDataFolder(folder: string, role: string): DataFolderLock {
  if (!ROLE.test(role)) throw new RangeError(`role must be a lower-case word, is ${JSON.stringify(role)}`);
  const path = join(folder, `${role}.lock`);
  let db: BetterSqlite3.Database | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    db = new BetterSqlite3(path, { timeout: 0 });
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

import { existsSync, statSync } from 'node:fs';
import BetterSqlite3 from 'better-sqlite3';
import { openDatabase, type Database, type OpenDatabaseOptions } from './database';

/** A data file that is looked into, and written by others if at all. */
export interface ReadOnlyFile {
  readonly db: Database;
  /** Ends the look; again does nothing. */
  close(): void;
}

/**
 * Opens a file of ours for reading only, while others write it or none does. Takes no lock that a writer waits for, and leaves
 * the folder as it was found. Throws `DataFileError` for a file that is missing, damaged, another program's or of another version.
 */
export function openForReading(
  path: string,
  options: Pick<OpenDatabaseOptions, 'applicationId' | 'schemaVersion'>,
): ReadOnlyFile {
  const isAtRest = !existsSync(`${path}-wal`) && !existsSync(`${path}-journal`);
  const tidyUp = (): void => {
    if (isAtRest) removeEmptyWal(path);
  };
  try {
    const db = openDatabase(path, { ...options, migrate: () => undefined, durability: 'none', readonly: true });
    const close = (): void => {
      if (!db.open) return;
      db.close();
      tidyUp();
    };
    return { db, close };
  } catch (error) {
    tidyUp();
    throw error;
  }
}

/**
 * SQLite puts an empty write-ahead log and its index beside a file at rest for whoever reads it, and only a writer takes them away
 * again. Left there they would belong to the operator, and a mesh of another user could not start. So SQLite itself is asked to
 * remove them, which it does unless somebody else has the file open by now.
 */
function removeEmptyWal(path: string): void {
  if (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size !== 0) return;
  try {
    const db = new BetterSqlite3(path, { fileMustExist: true, timeout: 0 });
    try {
      db.pragma('schema_version');
    } finally {
      db.close();
    }
  } catch {
    // They stay until the next writer closes the file; they hold nothing.
  }
}

import { assertNever } from '@giftmesh/kernel-errors';

/**
 * Why a data file can't be used:
 * - `corrupt`: damaged, or no SQLite file at all.
 * - `foreign`: a SQLite file of another program, or of another layout than asked for.
 * - `too_new`: written by a newer version of this program.
 * - `locked`: in use by another process.
 * - `not_writable`: missing folder, missing rights, or a full disk.
 */
export type DataFileProblem = 'corrupt' | 'foreign' | 'too_new' | 'locked' | 'not_writable';

/** A data file can't be used. The file has been left as it was found. */
export class DataFileError extends Error {
  override readonly name = 'DataFileError';

  constructor(
    readonly problem: DataFileProblem,
    readonly path: string,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(`${path}: ${detail} (${adviceFor(problem)})`, options);
  }
}

function adviceFor(problem: DataFileProblem): string {
  switch (problem) {
    case 'corrupt':
      return 'the file was left untouched; restore a copy, or move it away to begin anew';
    case 'foreign':
      return 'the file was left untouched; name another path';
    case 'too_new':
      return 'the file was left untouched; run the newer version';
    case 'locked':
      return 'stop the other process, or name another path';
    case 'not_writable':
      return 'check that the folder exists, its rights and the free space';
    default:
      return assertNever(problem);
  }
}

/**
 * The code of a SQLite error (`SQLITE_FULL`, `SQLITE_BUSY_SNAPSHOT`, …); undefined for errors that are not SQLite's.
 * By its code and not by its class: threads and sandboxes have several copies of the class.
 */
export function sqliteCodeOf(error: unknown): string | undefined {
  const code = codeOf(error);
  return code?.startsWith('SQLITE_') === true ? code : undefined;
}

function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** The {@link DataFileError} that an error of SQLite or of the file system means for the file; others are returned as they are. */
export function asDataFileError(path: string, error: unknown): unknown {
  if (error instanceof DataFileError) return error;
  const problem = problemOf(codeOf(error));
  return problem === undefined
    ? error
    : new DataFileError(problem, path, (error as { message: string }).message, { cause: error });
}

function problemOf(code: string | undefined): DataFileProblem | undefined {
  if (code === undefined) return undefined;
  if (/^(EACCES|EPERM|EROFS|ENOENT|ENOTDIR|EISDIR|ENOSPC|EDQUOT|EIO|ELOOP|ENAMETOOLONG)$/.test(code))
    return 'not_writable';
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) return 'corrupt';
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return 'locked';
  if (/^SQLITE_(CANTOPEN|READONLY|PERM|AUTH|FULL|IOERR)/.test(code)) return 'not_writable';
  return undefined;
}

/** The number that a server gave an error; undefined for errors that no server sent: a broken connection, a time-out. */
export function serverErrorNumber(error: unknown): number | undefined {
  const { errno, sqlState } = (error ?? {}) as { errno?: unknown; sqlState?: unknown };
  return typeof errno === 'number' && typeof sqlState === 'string' && errno > 0 ? errno : undefined;
}

const DUPLICATE_KEY = 1062;
const NO_SUCH_TABLE = 1146;
const LOCK_WAIT = 1205;

/** 1213 deadlock, 1205 lock wait; TiDB: 9007 write conflict, 8022 and 8028 a commit that must be made anew. */
const TRY_AGAIN: ReadonlySet<number> = new Set([1213, LOCK_WAIT, 9007, 8022, 8028]);

/**
 * The data doesn't fit its column: 1048 null, 1264 and 1690 out of range, 1265 cut off, 1292 and 1366 not of the type, 1406 too long,
 * 3819 and 4025 a check, 1644 a trigger’s refusal.
 */
const REFUSED_DATA: ReadonlySet<number> = new Set([1048, 1264, 1265, 1292, 1366, 1406, 1644, 1690, 3819, 4025]);

/** 1050 a table, 1060 a column, 1061 an index that is there already, 1091 one that is gone already. */
const DONE_ALREADY: ReadonlySet<number> = new Set([1050, 1060, 1061, 1091]);

/** 1045 and 1698 user or password, 1044 database, 1142, 1143 and 1227 rights. */
const ACCESS_DENIED: ReadonlySet<number> = new Set([1044, 1045, 1142, 1143, 1227, 1698]);
const UNKNOWN_DATABASE = 1049;

const isOneOf = (numbers: ReadonlySet<number>, error: unknown): boolean => {
  const number = serverErrorNumber(error);
  return number !== undefined && numbers.has(number);
};

/** True when a row with the same key is there. */
export const isDuplicateKey = (error: unknown): boolean => serverErrorNumber(error) === DUPLICATE_KEY;
/** True when a table is not there. */
export const isNoSuchTable = (error: unknown): boolean => serverErrorNumber(error) === NO_SUCH_TABLE;
/** True when the whole transaction is to be tried again. */
export const isTryAgain = (error: unknown): boolean => isOneOf(TRY_AGAIN, error);
/** True when somebody else has held a row for too long. */
export const isLockWait = (error: unknown): boolean => serverErrorNumber(error) === LOCK_WAIT;
/** True when the data can't be written, whenever it is tried. */
export const isRefusedData = (error: unknown): boolean => isOneOf(REFUSED_DATA, error);
/** True for a definition that stands already. */
export const isDoneAlready = (error: unknown): boolean => isOneOf(DONE_ALREADY, error);
/** True for a wrong user or password, and for missing rights. */
export const isAccessDenied = (error: unknown): boolean => isOneOf(ACCESS_DENIED, error);
/** True when the server has no such database. */
export const isUnknownDatabase = (error: unknown): boolean => serverErrorNumber(error) === UNKNOWN_DATABASE;

/** A driver's error without the statement that it carries: that is up to a megabyte of other people's data, and would be logged. */
export function withoutStatement<E>(error: E): E {
  if (error instanceof Error && 'sql' in error) delete (error as { sql?: unknown }).sql;
  return error;
}

/** What an error says, for a message. */
export function messageOf(error: unknown): string {
  const { message, code } = error as { message?: unknown; code?: unknown };
  // Of a host with several addresses, node reports an AggregateError with an empty message.
  return typeof message === 'string' && message !== '' ? message : String(code ?? error);
}

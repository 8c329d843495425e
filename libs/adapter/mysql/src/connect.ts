import { setTimeout as delay } from 'node:timers/promises';
import { createDatabase } from './create-database';
import { nameOfPlace } from './database-url';
import { LedgerDatabaseError } from './ledger-database-error';
import type { CheckedPlaceOptions } from './ledger-options';
import { MysqlConnections } from './mysql-connections';
import type { MysqlSession } from './mysql-session';
import { isAccessDenied, isUnknownDatabase, messageOf } from './server-errors';

/** Time between two attempts to reach a server, milliseconds. */
const AGAIN_MS = 200;

/**
 * Connections to a database that answers, on which `prepare` has succeeded. Waits for a server that comes late; what waiting can't
 * mend is refused at once. Throws `LedgerDatabaseError`.
 */
export async function connect(
  options: CheckedPlaceOptions & { readonly connectionsMax: number; readonly createDatabase?: boolean },
  prepare: (session: MysqlSession, place: string) => Promise<void>,
): Promise<MysqlConnections> {
  const place = nameOfPlace(options.place);
  const connections = new MysqlConnections(options);
  const endMs = performance.now() + options.connectWaitMs;
  try {
    for (let tries = 1; ; tries += 1) {
      try {
        await connections
          .tryOut((session) => prepare(session, place))
          .catch(async (error: unknown) => {
            if (options.createDatabase !== true || !isUnknownDatabase(driverErrorOf(error))) throw error;
            await createDatabase(options);
            await connections.tryOut((session) => prepare(session, place));
          });
        return connections;
      } catch (error) {
        const driverError = driverErrorOf(error);
        if (error instanceof LedgerDatabaseError) throw error;
        if (isAccessDenied(driverError))
          throw new LedgerDatabaseError('access_denied', place, messageOf(error) + adviceOf(options), { cause: error });
        if (isUnknownDatabase(driverError))
          throw new LedgerDatabaseError('no_database', place, messageOf(error), { cause: error });
        if (performance.now() + AGAIN_MS > endMs)
          throw new LedgerDatabaseError(
            'unreachable',
            place,
            `no use of it within ${options.connectWaitMs} ms: ${messageOf(error)}`,
            { cause: error },
          );
        if (tries === 1)
          options.onWaiting?.(
            `the database at ${place} can't be used yet, and is waited for up to ${options.connectWaitMs} ms: ${messageOf(error)}`,
          );
      }
      await delay(AGAIN_MS);
    }
  } catch (error) {
    await connections.close();
    throw error;
  }
}

/** A connection's error wraps the driver's own. */
const driverErrorOf = (error: unknown): unknown => (error as { cause?: unknown }).cause ?? error;

/** What its administrator can do where we were to make the database ourselves. */
function adviceOf({ createDatabase, place }: Parameters<typeof connect>[0]): string {
  if (createDatabase !== true) return '';
  const name = `\`${place.database}\``;
  return `; the database is made where that is allowed, else: CREATE DATABASE ${name}, and GRANT ALL ON ${name}.* TO this user`;
}

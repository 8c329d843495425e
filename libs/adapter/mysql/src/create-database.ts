import type { CheckedPlaceOptions } from './ledger-options';
import { MysqlConnections } from './mysql-connections';

/**
 * Makes the database that the place names, if it is not there; no table in it. Of several processes one makes it. Rejects with the
 * driver's error, for one when the user may not.
 */
export async function createDatabase(options: CheckedPlaceOptions): Promise<void> {
  const connections = new MysqlConnections({
    ...options,
    place: { ...options.place, database: '' },
    connectionsMax: 1,
  });
  try {
    // Letters, digits, _ and - only: checked where the URL was read.
    const statement = `CREATE DATABASE IF NOT EXISTS \`${options.place.database}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`;
    await connections.tryOut((session) => session.run(statement));
  } finally {
    await connections.close();
  }
}

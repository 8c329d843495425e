import type { AssetType } from '@giftmesh/domain-money';
import type { Database } from './database';

/** "gact" in ASCII: the file is an activity store. */
export const ACTIVITY_APPLICATION_ID = 0x67616374;
/** Version of the schema below. */
export const ACTIVITY_SCHEMA_VERSION = 1;

/** The `day` of scores of all time. */
export const TOTAL_DAY = -1;

/** Numbers of assets in the file; never changed. */
export const ASSET_NUMBERS: Readonly<Record<AssetType, number>> = { coin: 1, diamond: 2 };

/** Makes the tables in a new file. */
export function migrateActivityStore(db: Database, fromVersion: number): void {
  if (fromVersion !== 0) throw new RangeError(`there is no activity schema ${fromVersion} to migrate from`);
  db.exec(`
    CREATE TABLE activity_position (
      partition INTEGER PRIMARY KEY,
      next_offset INTEGER NOT NULL
    ) STRICT;

    -- day is days since 1970-01-01 UTC, or -1 for all time. No index by score: it would cost more than all the rest,
    -- and the first places are kept in memory (see activity-boards.ts).
    CREATE TABLE activity_score (
      room_id INTEGER NOT NULL,
      day INTEGER NOT NULL,
      user_id INTEGER NOT NULL,
      paid INTEGER NOT NULL,
      got INTEGER NOT NULL,
      points INTEGER NOT NULL,
      PRIMARY KEY (room_id, day, user_id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE activity_entrance (
      day INTEGER NOT NULL,
      room_id INTEGER NOT NULL,
      viewer_id INTEGER NOT NULL,
      PRIMARY KEY (day, room_id, viewer_id)
    ) STRICT, WITHOUT ROWID;

    -- runs is JSON: [[first, last], ...].
    CREATE TABLE activity_seen (
      user_id INTEGER NOT NULL,
      asset INTEGER NOT NULL,
      runs TEXT NOT NULL,
      PRIMARY KEY (user_id, asset)
    ) STRICT, WITHOUT ROWID;
  `);
}

import type { Database } from './database';
import { DataFileError } from './data-file-error';

/** `application_id` of event log files: "gmEL". */
export const EVENT_LOG_APPLICATION_ID = 0x676d454c;
/** Version of the schema below. */
export const EVENT_LOG_SCHEMA_VERSION = 1;

/** The most partitions of a file. */
export const PARTITIONS_MAX = 4_096;
/** Offsets that a partition has room for: 70 years at a thousand records a second. With the partitions they fill 2^53 keys. */
export const OFFSETS_MAX = 2 ** 41;

/** The key of the batch of a partition that begins at an offset. */
export function batchKey(partition: number, offset: number): number {
  return partition * OFFSETS_MAX + offset;
}

/** The first offset of a partition's batch with a key. */
export function firstOffsetOf(key: number, partition: number): number {
  return key - partition * OFFSETS_MAX;
}

/**
 * One row an append and partition, so that an append of many values is one small insert. Partition and first offset make its
 * key, so a partition's batches lie side by side. Where a partition ends is told by its last batch, which is therefore never
 * deleted. Values stand in the payload one behind the other, each behind its length.
 */
export function migrateEventLog(partitionCount: number): (db: Database, fromVersion: number) => void {
  return (db) => {
    db.exec(`
      CREATE TABLE log_file (partition_count INTEGER NOT NULL);
      CREATE TABLE batch (
        key INTEGER PRIMARY KEY,
        count INTEGER NOT NULL,
        appended_at_ms INTEGER NOT NULL,
        checksum INTEGER NOT NULL,
        payload BLOB NOT NULL
      );
    `);
    db.prepare('INSERT INTO log_file (partition_count) VALUES (?)').run(partitionCount);
  };
}

/** Throws {@link DataFileError} when the file has another number of partitions (users would change places) or another layout. */
export function checkPartitionCount(db: Database, path: string, partitionCount: number): void {
  const hasLayout = db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'log_file'").pluck().get();
  if (hasLayout !== 1) throw new DataFileError('foreign', path, 'has the layout of an unreleased version');
  const found = db.prepare('SELECT partition_count FROM log_file').pluck().get() as number;
  if (found !== partitionCount)
    throw new DataFileError('foreign', path, `has ${found} partitions, and ${partitionCount} are configured`);
}

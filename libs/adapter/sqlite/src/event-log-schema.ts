import { type Database } from './database';
import { DataFileError } from './data-file-error';

/** `application_id` of event log files: "gmEL". */
export const EVENT_LOG_APPLICATION_ID = 0x676d454c;
export const EVENT_LOG_SCHEMA_VERSION = 1;

/** Offsets of one partition; partition and first offset of a batch make its row's key. */
const OFFSETS_PER_PARTITION = 2 ** 40;

/** The key of the batch that begins at an offset. */
export function batchKey(partition: number, offset: number): number {
  return partition * OFFSETS_PER_PARTITION + offset;
}

/** The first offset of the batch with a key. */
export function firstOffsetOf(key: number, partition: number): number {
  return key - partition * OFFSETS_PER_PARTITION;
}

/**
 * One row a batch and partition, so that an append of many values is one small insert. `next_offset` stands apart, for rows go when
 * they are old.
 */
export function migrateEventLog(partitionCount: number): (db: Database, fromVersion: number) => void {
  return (db) => {
    db.exec(`
      CREATE TABLE batch (
        key INTEGER PRIMARY KEY,
        count INTEGER NOT NULL,
        appended_at_ms INTEGER NOT NULL,
        payload BLOB NOT NULL
      );
      CREATE TABLE partition (number INTEGER PRIMARY KEY, next_offset INTEGER NOT NULL);
    `);
    const insert = db.prepare('INSERT INTO partition (number, next_offset) VALUES (?, 0)');
    for (let number = 0; number < partitionCount; number += 1) insert.run(number);
  };
}

/** Throws {@link DataFileError} when the file has another number of partitions: users would change places. */
export function checkPartitionCount(db: Database, path: string, partitionCount: number): void {
  const found = db.prepare('SELECT count(*) FROM partition').pluck().get() as number;
  if (found !== partitionCount)
    throw new DataFileError('foreign', path, `has ${found} partitions, and ${partitionCount} are configured`);
}

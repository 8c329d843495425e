import type { Clock } from '@giftmesh/kernel-time';
import type { Codec } from '@giftmesh/domain-money';
import type { Durability } from './database';
import { PARTITIONS_MAX } from './event-log-schema';
import { THREAD_FILE, type ThreadFile } from './event-log-thread-writer';

export interface SqliteEventLogOptions<T> {
  /** The file; its folder must exist. */
  readonly path: string;
  readonly codec: Codec<T>;
  /** Chosen once for the life of the file: 1 to 4096. */
  readonly partitionCount: number;
  /** What an append waits for. Default `fsync`. */
  readonly durability?: Durability;
  /** Where commits run. Default `thread`; `inline` for instances that hardly append. */
  readonly writer?: 'thread' | 'inline';
  /** Times of batches, polling and retries. Default: the process's. */
  readonly clock?: Clock;
  /** How often subscribers look for what other processes have appended, milliseconds. At least 1; default 20. */
  readonly pollMs?: number;
  /** Newest records of a partition that are kept in memory while a subscriber of this instance is behind. Default 4,096. */
  readonly tailMax?: number;
  /** How long released records stay, milliseconds. Default one hour. */
  readonly retentionMs?: number;
  /** The most bytes of appends that wait for a commit; beyond it, appends are refused. Default 64 MiB. */
  readonly queueBytesMax?: number;
  /** The most bytes of the file; beyond it, appends fail as on a full disk. At least 1 MiB; default 256 GiB. */
  readonly fileBytesMax?: number;
  /** The program of the writer's thread. Default: the compiled one beside this file; tests run it from source. */
  readonly threadFile?: ThreadFile;
}

/** The options with their defaults. Throws RangeError for one out of its range. */
export function checkedOptions<T>(options: SqliteEventLogOptions<T>, clock: Clock): Required<SqliteEventLogOptions<T>> {
  const checked = {
    durability: 'fsync' as const,
    writer: 'thread' as const,
    clock,
    pollMs: 20,
    tailMax: 4_096,
    retentionMs: 3_600_000,
    queueBytesMax: 64 * 1024 * 1024,
    fileBytesMax: 256 * 1024 ** 3,
    threadFile: THREAD_FILE,
    ...options,
  };
  const inRange = (name: keyof typeof checked, min: number, max: number): void => {
    const value = checked[name] as number;
    if (!Number.isInteger(value) || value < min || value > max)
      throw new RangeError(`${name} must be an integer of ${min} to ${max}, is ${value}`);
  };
  inRange('partitionCount', 1, PARTITIONS_MAX);
  inRange('pollMs', 1, 60_000);
  inRange('tailMax', 0, 1_000_000);
  inRange('retentionMs', 0, Number.MAX_SAFE_INTEGER);
  inRange('queueBytesMax', 1, 2 ** 32);
  inRange('fileBytesMax', 1024 ** 2, 2 ** 43);
  return checked;
}

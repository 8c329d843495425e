import { cpSync, existsSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

/** Where Redis 7 keeps its append-only files, in its data folder. */
const AOF_FOLDER = 'appendonlydir';

/**
 * Cuts the end off the append-only file of a Redis that does not run: what a power cut takes of a disk that had not synced. Returns how
 * many bytes went; fewer than asked for when there are no more.
 */
export function cutAofTail(redisFolder: string, bytes: number): number {
  const folder = join(redisFolder, AOF_FOLDER);
  const [newest] = readdirSync(folder)
    .filter((name) => name.endsWith('.incr.aof'))
    .sort((a, b) => statSync(join(folder, b)).mtimeMs - statSync(join(folder, a)).mtimeMs);
  if (newest === undefined) throw new Error(`${folder} has no append-only file`);
  const path = join(folder, newest);
  const { size } = statSync(path);
  const cut = Math.min(bytes, size);
  truncateSync(path, size - cut);
  return cut;
}

/** Copies the files of a Redis away, as a backup does while it runs; in place of an earlier copy. */
export function copyRedisAway(redisFolder: string, copy: string): void {
  rmSync(copy, { recursive: true, force: true });
  cpSync(join(redisFolder, AOF_FOLDER), copy, { recursive: true });
}

/** Gives a Redis that does not run the files that were copied away. Throws when there are none. */
export function restoreRedisCopy(redisFolder: string, copy: string): void {
  if (!existsSync(copy)) throw new Error(`there is no copy ${copy} to restore`);
  rmSync(join(redisFolder, AOF_FOLDER), { recursive: true, force: true });
  cpSync(copy, join(redisFolder, AOF_FOLDER), { recursive: true });
}

import { readdirSync, statSync, truncateSync } from 'node:fs';
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

import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The root of the checkout. */
export const ROOT = join(__dirname, '../../..');
/** Where runs keep their data: on the disk of the checkout, because the system's temporary folder may be in memory. */
export const SCRATCH = join(ROOT, 'tmp/bench');
/** The process that the figures are about. */
export const STANDALONE_MAIN = join(ROOT, 'apps/standalone/dist/main.js');

/** The bench of the balance store on Redis, a process that prints its figures. */
export const STORE_BENCH = join(ROOT, 'libs/adapter/redis/dist/balance-store.bench.js');

/** A built module of this project, also when this runs from source. */
export function built(path: string): string {
  const beside = join(__dirname, path);
  return existsSync(beside) ? beside : join(__dirname, '../dist', path);
}

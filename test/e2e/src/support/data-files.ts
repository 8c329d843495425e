import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** SQLite's databases and what it has written ahead. Its `-shm` files are memory that readers change, too. */
const DATA = /\.sqlite(-wal)?$/;

/** A digest of each data file that stands in the folder itself, by its name. */
export function digestsOf(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile() && DATA.test(entry.name));
  return Object.fromEntries(
    names.map(({ name }) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]),
  );
}

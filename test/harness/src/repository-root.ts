import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of this checkout, found from this file's place: works from source and built. */
export function repositoryRoot(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'nx.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`no nx.json above ${__dirname}`);
  }
}

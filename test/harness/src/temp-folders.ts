import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Folders for one test, removed together. */
export class TempFolders {
  readonly #folders = new Set<string>();

  /** Makes an empty folder of its own. @param name Part of the folder's name, for people who look. */
  make(name = 'data'): string {
    const folder = mkdtempSync(join(tmpdir(), `giftmesh-${name}-`));
    this.#folders.add(folder);
    return folder;
  }

  /** Leaves a folder where it is, for a look at what went wrong. */
  keep(folder: string): void {
    this.#folders.delete(folder);
  }

  removeAll(): void {
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    this.#folders.clear();
  }
}

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;

/** What goes into a folder: content by path. */
export type Contents = ReadonlyMap<string, Uint8Array | string>;

/** Writes a folder anew, with nothing in it that depends on who writes it and when. @param timeS of all files and folders, seconds since 1970. */
export function writeFolder(folder: string, contents: Contents, timeS: number): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  const folders = new Set<string>(['']);
  for (const path of contents.keys())
    for (let above = dirname(path); above !== '.'; above = dirname(above)) folders.add(above);
  for (const path of [...folders].sort()) mkdirSync(join(folder, path), { recursive: true, mode: FOLDER_MODE });
  for (const [path, content] of contents) {
    writeFileSync(join(folder, path), content, { mode: FILE_MODE });
    utimesSync(join(folder, path), timeS, timeS);
  }
  for (const path of folders) utimesSync(join(folder, path), timeS, timeS);
}

/** Whether a folder can be written anew: it is not there, is empty, or was written by this tool, as this file in it tells. */
export function isOurs(folder: string, mark: string): boolean {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
  return names.length === 0 || (names.includes(mark) && readFileSync(join(folder, mark), 'utf8').includes('giftmesh'));
}

/** SHA-256 over all paths and contents: the same for the same files. */
export function digestOf(contents: Contents): string {
  const sum = createHash('sha256');
  for (const [path, content] of [...contents].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const bytes = Buffer.from(content);
    sum.update(`${path}\0${bytes.length}\0`).update(bytes);
  }
  return `sha256:${sum.digest('hex')}`;
}

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Every file of a folder with its size, time of change and content: the same before and after means that nothing was written. */
export function folderState(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => {
        const path = join(folder, name);
        const { size, mtimeNs } = statSync(path, { bigint: true });
        return [name, `${size} bytes of ${mtimeNs}, ${createHash('sha256').update(readFileSync(path)).digest('hex')}`];
      }),
  );
}

/** The same without the index of the write-ahead log: it lies in the memory of all who have the file open, readers too. */
export function writtenState(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(folderState(folder)).filter(([name]) => !name.endsWith('-shm')));
}

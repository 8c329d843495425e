import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that servers keep their files in. */
export interface OwnedFolder {
  readonly path: string;
  /** The path when it is to be removed in the end. */
  readonly temporary: string | undefined;
  /** Removes it if it is temporary. */
  remove(): Promise<void>;
}

/** The folder that was named, made if need be, or a new one in the system's folder for temporary files. */
export async function ownedFolder(name: string, named: string | undefined): Promise<OwnedFolder> {
  if (named !== undefined) {
    await mkdir(named, { recursive: true });
    return { path: named, temporary: undefined, remove: async () => undefined };
  }
  const path = await mkdtemp(join(tmpdir(), `${name}-`));
  return { path, temporary: path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

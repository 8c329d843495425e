import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { libraryFolders, readLibrary, type Library } from '@giftmesh/test-readme';
import { pack, type Packed } from './pack';

/** The root of the checkout. */
export const root = resolve(__dirname, '../../..');

/** All published libraries, packed into a folder that `remove` takes away. */
export interface PackedWorkspace {
  readonly packages: readonly Packed[];
  /** Those that have an example. */
  readonly libraries: readonly Library[];
  readonly remove: () => void;
}

/** Packs all published libraries; they must have been built. */
export async function packWorkspace(): Promise<PackedWorkspace> {
  const destination = mkdtempSync(join(tmpdir(), 'giftmesh-tarballs-'));
  const folders = libraryFolders(root);
  const packages = await pack(root, folders, destination);
  const libraries = folders.map((folder) => readLibrary(root, folder)).filter((library) => library !== undefined);
  return { packages, libraries, remove: () => rmSync(destination, { recursive: true, force: true }) };
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from './npm';
import { removeStale } from './stale';

/** What the tests look at in a published package.json. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly main?: string;
  readonly types?: string;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** A package as it would be published. */
export interface Packed {
  readonly name: string;
  /** Of its project, relative to the root of the checkout. */
  readonly folder: string;
  readonly tarball: string;
  /** Paths of all files inside of it. */
  readonly files: readonly string[];
  readonly manifest: Manifest;
}

/** Packs projects of the workspace into a folder. They must have been built; see `removeStale`. */
export async function pack(root: string, folders: readonly string[], destination: string): Promise<Packed[]> {
  for (const folder of folders) removeStale(join(root, folder));
  const chosen = folders.flatMap((folder) => ['--workspace', folder]);
  const said = await npm(['pack', '--json', '--ignore-scripts', '--pack-destination', destination, ...chosen], root);
  const all = Object.values(
    JSON.parse(said) as Record<string, { name: string; filename: string; files: { path: string }[] }>,
  );
  return folders.map((folder) => {
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
    const packed = all.find(({ name }) => name === manifest.name);
    if (packed === undefined) throw new Error(`npm did not pack ${manifest.name}`);
    const files = packed.files.map(({ path }) => path);
    return { name: manifest.name, folder, tarball: join(destination, packed.filename), files, manifest };
  });
}

/** Packages and all of the packed ones that they stand on, each once. */
export function closure(all: readonly Packed[], names: readonly string[]): Packed[] {
  const found = new Map<string, Packed>();
  const add = (wanted: string): void => {
    const packed = all.find((one) => one.name === wanted);
    if (packed === undefined || found.has(wanted)) return;
    found.set(wanted, packed);
    Object.keys(packed.manifest.dependencies ?? {}).forEach(add);
  };
  names.forEach(add);
  return [...found.values()];
}

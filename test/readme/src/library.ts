import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packagesOf, readExample, type Example } from './example';

/** Packages that an example may import beside those that its library depends on: what it is shown with. */
export const ALWAYS_THERE: readonly string[] = ['@grpc/grpc-js'];

/** Names of the libraries that `libraryFolders` finds. */
const PUBLISHED = /^@giftmesh\/(mesh|kernel)-/;

/** A library and the example of its README. */
export interface Library {
  readonly name: string;
  /** Relative to the root of the checkout. */
  readonly folder: string;
  readonly example: Example;
}

/** Folders of the libraries that are published, relative to the root, sorted. */
export function libraryFolders(root: string): string[] {
  return ['libs/kernel', 'libs/mesh']
    .flatMap((layer) => readdirSync(join(root, layer)).map((name) => `${layer}/${name}`))
    .filter((folder) => existsSync(join(root, folder, 'package.json')) && packageJson(root, folder).private !== true)
    .sort();
}

/** The library in a folder; undefined when its README has no example. Throws TypeError for a README with two. */
export function readLibrary(root: string, folder: string): Library | undefined {
  const readme = join(root, folder, 'README.md');
  const example = existsSync(readme) ? readExample(readFileSync(readme, 'utf8')) : undefined;
  return example === undefined ? undefined : { name: packageJson(root, folder).name, folder, example };
}

/**
 * Packages that a library's example imports, and that nobody has who installed the library. Other published libraries that it is shown
 * with may stand in its `devDependencies`.
 */
export function missingPackages(root: string, { name, folder, example }: Library): string[] {
  const { dependencies = {}, peerDependencies = {}, devDependencies = {} } = packageJson(root, folder);
  const shownWith = Object.keys(devDependencies).filter((imported) => PUBLISHED.test(imported));
  const installed = [...Object.keys(dependencies), ...Object.keys(peerDependencies)];
  const there = [name, ...ALWAYS_THERE, ...installed, ...shownWith];
  return packagesOf(example.code).filter((imported) => !there.includes(imported));
}

interface PackageJson {
  readonly name: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

function packageJson(root: string, folder: string): PackageJson {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as PackageJson;
}

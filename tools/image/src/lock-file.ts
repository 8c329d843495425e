import { z } from 'zod';

const SHAPE = z.object({
  lockfileVersion: z.literal(3),
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      license: z.unknown().optional(),
      integrity: z.string().optional(),
      link: z.boolean().optional(),
      dev: z.boolean().optional(),
      dependencies: z.record(z.string(), z.string()).default({}),
      optionalDependencies: z.record(z.string(), z.string()).default({}),
    }),
  ),
});

/** A package as the lock file has it. */
export interface LockedPackage {
  /** From the root: `node_modules/a/node_modules/b`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** Of the archive that it came in, as in `sha512-BASE64`; undefined where npm did not write one. */
  readonly integrity: string | undefined;
  /** Whether it is only there for development. */
  readonly isDev: boolean;
  readonly needs: readonly string[];
  /** Those of its needs that may be missing. */
  readonly optional: readonly string[];
}

const FOLDER = 'node_modules/';

/** Reads the text of a package-lock.json: packages of others by their path. Throws for a version that is not known. */
export function readLockFile(text: string): ReadonlyMap<string, LockedPackage> {
  const { packages } = SHAPE.parse(JSON.parse(text));
  const found = new Map<string, LockedPackage>();
  for (const [path, { version, integrity, link, dev, dependencies, optionalDependencies }] of Object.entries(
    packages,
  )) {
    if (link === true || version === undefined || !path.includes(FOLDER)) continue;
    found.set(path, {
      path,
      name: packageName(path),
      version,
      integrity,
      isDev: dev === true,
      needs: [...new Set([...Object.keys(dependencies), ...Object.keys(optionalDependencies)])].sort(),
      optional: Object.keys(optionalDependencies),
    });
  }
  return found;
}

/** The path of the package that a file belongs to, from the root: of `node_modules/a/lib/b.js`, `node_modules/a`. Undefined for a file of ours. */
export function packagePath(file: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

/** The name of the package at a path. */
export function packageName(path: string): string {
  return path.slice(path.lastIndexOf(FOLDER) + FOLDER.length);
}

/** Where Node finds a package that is asked for in another one's folder; undefined where it is not installed. */
export function resolvePackage(
  packages: ReadonlyMap<string, LockedPackage>,
  from: string,
  name: string,
): LockedPackage | undefined {
  for (let folder = from; ;) {
    const found = packages.get(folder === '' ? `${FOLDER}${name}` : `${folder}/${FOLDER}${name}`);
    if (found !== undefined || folder === '') return found;
    const parent = folder.lastIndexOf(`/${FOLDER}`);
    folder = parent === -1 ? '' : folder.slice(0, parent);
  }
}

/**
 * The packages of these names, all that they need, and all that those need, sorted by path.
 * Throws for one that is missing, unless it may be.
 * @param isNeeded whether a package needs another one that it names.
 */
export function closureOf(
  packages: ReadonlyMap<string, LockedPackage>,
  names: readonly string[],
  isNeeded: (by: LockedPackage, name: string) => boolean,
): readonly LockedPackage[] {
  const found = new Map<string, LockedPackage>();
  const visit = (name: string, by: LockedPackage | undefined): void => {
    const one = resolvePackage(packages, by?.path ?? '', name);
    if (one === undefined) {
      if (by?.optional.includes(name) === true) return;
      throw new Error(`${name}, which ${by?.name ?? 'the image'} needs, is not in package-lock.json`);
    }
    if (found.has(one.path)) return;
    found.set(one.path, one);
    for (const need of one.needs) if (isNeeded(one, need)) visit(need, one);
  };
  for (const name of names) visit(name, undefined);
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

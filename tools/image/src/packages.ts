import type { Bundle } from './bundle';
import { EXTERNALS, NOT_AT_RUN_TIME } from './externals';
import { closureOf, packagePath, type LockedPackage } from './lock-file';

type Packages = ReadonlyMap<string, LockedPackage>;

const isNeeded = (by: LockedPackage, name: string): boolean =>
  !NOT_AT_RUN_TIME.some((one) => one.package === by.name && one.needs.test(name));

/** The paths of all packages that no bundle may hold: those of EXTERNALS that are installed, and what they need, which they find in their own way. */
export function externalPaths(packages: Packages): ReadonlySet<string> {
  const installed = Object.keys(EXTERNALS).filter((name) => packages.has(`node_modules/${name}`));
  return new Set(closureOf(packages, installed, isNeeded).map(({ path }) => path));
}

/** The packages that a bundle asks for at run time. */
export interface RunTimePackages {
  /** Those that it asks for itself, sorted. */
  readonly asked: readonly LockedPackage[];
  /** These, and all that they need. */
  readonly all: readonly LockedPackage[];
}

/** Throws for one that is not installed, or only for development. */
export function runTimePackages(packages: Packages, { inputs, imports }: Bundle): RunTimePackages {
  const loaded = Object.entries(EXTERNALS).flatMap(([name, { loadedBy }]) =>
    loadedBy !== undefined && inputs.includes(loadedBy) ? [name] : [],
  );
  const names = [...new Set([...imports.map(nameOfModule), ...loaded])].sort();
  const all = closureOf(packages, names, isNeeded);
  const dev = all.filter(({ isDev }) => isDev);
  if (dev.length > 0) throw new Error(`${dev.map(({ name }) => name).join(', ')}: only there for development`);
  return { asked: all.filter(({ path, name }) => names.includes(name) && path === `node_modules/${name}`), all };
}

/** The packages that went into a bundle, sorted by path. Throws for one that package-lock.json does not have. */
export function bundledPackages(packages: Packages, { inputs }: Bundle): readonly LockedPackage[] {
  const paths = [...new Set(inputs.flatMap((path) => packagePath(path) ?? []))].sort();
  return paths.map((path) => {
    const found = packages.get(path);
    if (found === undefined) throw new Error(`${path} is not in package-lock.json: run npm ci`);
    return found;
  });
}

/** The package of a module: `@grpc/grpc-js` of `@grpc/grpc-js/build/src/status`. */
function nameOfModule(module: string): string {
  return module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/');
}

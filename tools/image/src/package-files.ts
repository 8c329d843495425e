import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FILES_LEFT_OUT } from './externals';
import type { LockedPackage } from './lock-file';

/** What a program may read or load. */
const LOADED = /\.(js|cjs|mjs|json|node|wasm|proto)$/;
/** Of what is left, at the top of a package: what its makers test, show and check it with. */
const FOR_MAKERS =
  /^(tests?|__tests__|docs?|examples?|bench|benchmarks?|\.[^/]*|eslint\.config\.\w+|karma\.conf\.js|tsconfig[\w.]*\.json)(\/|$)/;
const LICENCE = /^(licen[cs]e|notice|copying)[\w.-]*$/i;

/** What a package says of itself. */
export interface PackageManifest {
  readonly version?: string;
  readonly license?: string;
  readonly licenses?: readonly { readonly type?: string }[];
  readonly description?: string;
}

/** Reads the package.json of an installed package. Throws where another version is installed than package-lock.json names. */
export function packageManifest(root: string, { path, version }: LockedPackage): PackageManifest {
  const manifest = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')) as PackageManifest;
  if (manifest.version === version) return manifest;
  throw new Error(`${path} is installed as ${manifest.version}, and package-lock.json has ${version}: run npm ci`);
}

/** The files of an installed package that are needed at run time, with its licence; paths within it, sorted. */
export function runTimeFiles(root: string, one: LockedPackage): readonly string[] {
  const leftOut = FILES_LEFT_OUT[one.name];
  return filesOf(join(root, one.path)).filter((path) => {
    if (LICENCE.test(path)) return true;
    return LOADED.test(path) && !FOR_MAKERS.test(path) && leftOut?.test(path) !== true;
  });
}

/** The texts of a package's licence and notices; empty where it has none. */
export function licenceTexts(root: string, { path }: LockedPackage): readonly string[] {
  return readdirSync(join(root, path), { withFileTypes: true })
    .filter((entry) => entry.isFile() && LICENCE.test(entry.name) && !LOADED.test(entry.name))
    .map(({ name }) => name)
    .sort()
    .map((name) =>
      readFileSync(join(root, path, name), 'utf8')
        .trim()
        .replaceAll('\r\n', '\n'),
    );
}

/** All files of a folder but those of packages within it; sorted. */
function filesOf(folder: string, within = ''): readonly string[] {
  return readdirSync(join(folder, within), { withFileTypes: true })
    .flatMap((entry) => {
      const path = within === '' ? entry.name : `${within}/${entry.name}`;
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesOf(folder, path);
      return entry.isFile() ? [path] : [];
    })
    .sort();
}

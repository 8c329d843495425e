import { posix } from 'node:path';
import { EXTERNALS, HARMLESS } from './externals';
import { packageName, packagePath } from './lock-file';

/** How compiled code of ours names a thread's file: beside its own. */
const THREAD = /\(__dirname, '([\w-]+\.js)'\)/g;
/** What tells that code depends on where it lies, or starts others. */
const PLACE =
  /\b__dirname\b|\b__filename\b|\bimport\.meta\b|\bcreateRequire\b|\brequire\.resolve\b|\bnew Worker\(|\brequire\(\s*[A-Za-z_$]/;

/** The files of threads that programs of ours start, sorted. @param texts each file's content by its path from the root. */
export function threadFiles(texts: ReadonlyMap<string, string>): readonly string[] {
  const found = [...texts].flatMap(([path, text]) =>
    packagePath(path) === undefined
      ? [...text.matchAll(THREAD)].map(([, name = '']) => posix.join(posix.dirname(path), name))
      : [],
  );
  return [...new Set(found)].sort();
}

/** What can't be right in a bundle: code that looks for files beside itself, where there is now one file for all. */
export function sourceProblems(texts: ReadonlyMap<string, string>): readonly string[] {
  return [...texts].flatMap(([path, text]) => {
    const isOurs = packagePath(path) === undefined;
    // A thread's file is beside the bundle, as it was beside the code.
    const [found] = PLACE.exec(isOurs ? withoutThreads(text) : text) ?? [];
    if (found === undefined || isLoader(path)) return [];
    if (isOurs) return [`${path} has ${found}: in a bundle there is nothing beside it`];
    const file = `${packageName(packagePath(path) ?? '')}${path.slice(packagePath(path)?.length)}`;
    if (HARMLESS[file] !== undefined) return [];
    return [`${file} has ${found}: make the package one of EXTERNALS, or say in HARMLESS why it does no harm`];
  });
}

const withoutThreads = (text: string): string => text.replace(THREAD, '').replace(/\bnew [\w.]*Worker\(/g, '');

const isLoader = (path: string): boolean => Object.values(EXTERNALS).some(({ loadedBy }) => loadedBy === path);

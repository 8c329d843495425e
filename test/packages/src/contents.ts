import { posix } from 'node:path';
import type { Packed } from './pack';

/** Reads a file of the package. */
export type ReadFile = (path: string) => string;

/** What is wrong with what would be published, for people; [] when all is well. */
export function problemsOf(packed: Packed, read: ReadFile): string[] {
  return [
    ...missingFiles(packed),
    ...packed.files
      .filter((path) => /\.(spec|property|bench)\.|\.tsbuildinfo$/.test(path))
      .map((path) => `${path} is nobody's business`),
    ...looseRanges(packed),
    ...mapsPointingOutside(packed, read),
    ...undeclaredImports(packed, read),
  ];
}

function missingFiles({ files, manifest }: Packed): string[] {
  const { main = '', types = '', exports = {} } = manifest;
  const named = [main, types, ...Object.values(exports).flatMap((conditions) => Object.values(conditions))];
  const wanted = ['README.md', 'LICENSE', 'package.json', ...named.map((path) => posix.normalize(path))];
  return wanted.filter((path) => !files.includes(path)).map((path) => `${path} is not in the package`);
}

function looseRanges({ manifest }: Packed): string[] {
  return Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies })
    .filter(([, range]) => !/^[~^]?\d+\.\d+\.\d+$/.test(range))
    .map(([name, range]) => `depends on ${name} ${range}, which is no version`);
}

function mapsPointingOutside({ files }: Packed, read: ReadFile): string[] {
  return files
    .filter((path) => path.endsWith('.map'))
    .flatMap((path) => {
      const { sources, sourceRoot = '' } = JSON.parse(read(path)) as { sources: string[]; sourceRoot?: string };
      return sources
        .map((source) => posix.join(posix.dirname(path), sourceRoot, source))
        .filter((source) => !files.includes(source))
        .map((source) => `${path} points to ${source}, which is not in the package`);
    });
}

/** Packages that built code or its types import, and that are not installed with it. */
function undeclaredImports({ name, files, manifest }: Packed, read: ReadFile): string[] {
  const declared = [name, ...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })];
  const code = files.filter((path) => path.startsWith('dist/') && /\.(js|d\.ts)$/.test(path));
  return code.flatMap((path) =>
    importsOf(read(path))
      .filter((imported) => !declared.includes(imported))
      .map((imported) => `${path} imports ${imported}, which the package does not depend on`),
  );
}

const IMPORT =
  /\brequire(?:\.resolve)?\(\s*["']([^"'\n]+)["']\s*\)|\bfrom\s+["']([^"'\n]+)["']|\bimport\(\s*["']([^"'\n]+)["']\s*\)/g;

function importsOf(code: string): string[] {
  const withoutComments = code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const names = [...withoutComments.matchAll(IMPORT)].map(
    ([, required, from, imported]) => required ?? from ?? imported ?? '',
  );
  return [...new Set(names)]
    .filter((name) => !name.startsWith('.') && !name.startsWith('node:'))
    .map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    );
}

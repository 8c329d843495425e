import { problemsOf } from './contents';
import { closure, type Packed } from './pack';

const manifest = {
  name: '@x/a',
  version: '1.0.0',
  main: './dist/index.js',
  types: './dist/index.d.ts',
  exports: { '.': { default: './dist/index.js' } },
  dependencies: { b: '^1.0.0' },
};
const files = [
  'README.md',
  'LICENSE',
  'package.json',
  'dist/index.js',
  'dist/index.d.ts',
  'dist/index.js.map',
  'src/index.ts',
];
const good: Packed = { name: '@x/a', folder: 'a', tarball: 'a.tgz', files, manifest };
const texts: Record<string, string> = {
  'dist/index.js':
    'const b = require("b/part"); const a = require("@x/a"); require("./c"); require("node:fs");\n// require("z")',
  'dist/index.d.ts': "/** import('w') */\nexport type { B } from 'b';",
  'dist/index.js.map': '{"sources":["../src/index.ts"]}',
};
const read = (path: string): string => texts[path] ?? '';

describe('problemsOf', () => {
  it('finds none in a good package', () => {
    expect(problemsOf(good, read)).toEqual([]);
  });

  it.each<[string, Partial<Packed>, Record<string, string>, string]>([
    ['a missing licence', { files: files.filter((path) => path !== 'LICENSE') }, {}, 'LICENSE is not in the package'],
    [
      'an export that leads nowhere',
      { manifest: { ...manifest, exports: { './testing': { default: './dist/testing.js' } } } },
      {},
      'dist/testing.js is not in the package',
    ],
    ['a spec', { files: [...files, 'dist/a.spec.js'] }, {}, "dist/a.spec.js is nobody's business"],
    ['any version', { manifest: { ...manifest, dependencies: { b: '*' } } }, {}, 'depends on b *, which is no version'],
    [
      'a map that points outside',
      {},
      { 'dist/index.js.map': '{"sources":["../../b/src/index.ts"]}' },
      'dist/index.js.map points to ../b/src/index.ts, which is not in the package',
    ],
    [
      'an import that nobody declared',
      {},
      { 'dist/index.js': 'require("@y/c/d")' },
      'dist/index.js imports @y/c, which the package does not depend on',
    ],
    [
      'a type of a package that nobody declared',
      {},
      { 'dist/index.d.ts': "export type D = import('d').D;" },
      'dist/index.d.ts imports d, which the package does not depend on',
    ],
  ])('finds %s', (_what, packed, changed, problem) => {
    expect(problemsOf({ ...good, ...packed }, (path) => changed[path] ?? read(path))).toEqual([problem]);
  });
});

it('closure takes a package and all that it stands on, once', () => {
  const packed = (name: string, ...dependencies: string[]): Packed => ({
    ...good,
    name,
    manifest: { ...manifest, name, dependencies: Object.fromEntries(dependencies.map((one) => [one, '^1.0.0'])) },
  });
  const all = [packed('a', 'b', 'c', 'outside'), packed('b', 'c'), packed('c', 'a'), packed('d')];
  expect(closure(all, ['a']).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
});

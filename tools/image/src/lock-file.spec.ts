import { closureOf, packageName, packagePath, readLockFile, resolvePackage } from './lock-file';

const lock = (packages: object): string => JSON.stringify({ lockfileVersion: 3, packages });
const packages = readLockFile(
  lock({
    '': { name: 'root', version: '1.0.0', dependencies: { a: '*' } },
    'libs/x': { name: '@our/x', version: '1.0.0' },
    'node_modules/@our/x': { resolved: 'libs/x', link: true },
    'node_modules/a': {
      version: '1.0.0',
      dependencies: { b: '*', '@s/c': '*' },
      optionalDependencies: { missing: '*' },
    },
    'node_modules/a/node_modules/b': { version: '2.0.0', dependencies: { '@s/c': '*' } },
    'node_modules/b': { version: '1.0.0', dev: true },
    'node_modules/@s/c': { version: '3.0.0', integrity: 'sha512-AAAA', dependencies: { a: '*' } },
    'node_modules/broken': { version: '1.0.0', dependencies: { missing: '*' } },
  }),
);
const every = (): boolean => true;

describe('readLockFile', () => {
  it('has the packages of others, and none of ours', () => {
    expect([...packages.keys()]).toEqual([
      'node_modules/a',
      'node_modules/a/node_modules/b',
      'node_modules/b',
      'node_modules/@s/c',
      'node_modules/broken',
    ]);
    expect(packages.get('node_modules/@s/c')).toEqual({
      path: 'node_modules/@s/c',
      name: '@s/c',
      version: '3.0.0',
      integrity: 'sha512-AAAA',
      isDev: false,
      needs: ['a'],
      optional: [],
    });
    expect(packages.get('node_modules/b')?.isDev).toBe(true);
  });

  it('refuses another version of the format', () => {
    expect(() => readLockFile(JSON.stringify({ lockfileVersion: 2, packages: {} }))).toThrow('lockfileVersion');
  });
});

describe('resolvePackage', () => {
  it.each([
    ['node_modules/a', 'b', 'node_modules/a/node_modules/b'],
    ['node_modules/a/node_modules/b', 'b', 'node_modules/a/node_modules/b'],
    ['node_modules/@s/c', 'b', 'node_modules/b'],
    ['', 'b', 'node_modules/b'],
    ['libs/x', '@s/c', 'node_modules/@s/c'],
    ['node_modules/a', 'nobody', undefined],
  ])('finds from %s as Node does: %s', (from, name, path) => {
    expect(resolvePackage(packages, from, name)?.path).toBe(path);
  });
});

describe('closureOf', () => {
  it('has all that is needed, once, also around a circle', () => {
    expect(closureOf(packages, ['a'], every).map(({ path }) => path)).toEqual([
      'node_modules/@s/c',
      'node_modules/a',
      'node_modules/a/node_modules/b',
    ]);
  });

  it('leaves out what is said not to be needed', () => {
    expect(closureOf(packages, ['a'], (_, name) => name !== 'b').map(({ name }) => name)).toEqual(['@s/c', 'a']);
  });

  it('throws for one that is missing and may not be', () => {
    expect(() => closureOf(packages, ['broken'], every)).toThrow(
      'missing, which broken needs, is not in package-lock.json',
    );
    expect(() => closureOf(packages, ['nobody'], every)).toThrow('nobody, which the image needs');
  });
});

describe('the path of a package', () => {
  it.each([
    ['node_modules/a/lib/b.js', 'node_modules/a', 'a'],
    ['node_modules/@s/c/index.js', 'node_modules/@s/c', '@s/c'],
    ['libs/mesh/cache/node_modules/d/x/y.js', 'libs/mesh/cache/node_modules/d', 'd'],
    ['node_modules/a/node_modules/@s/c/index.js', 'node_modules/a/node_modules/@s/c', '@s/c'],
  ])('of %s', (file, path, name) => {
    expect(packagePath(file)).toBe(path);
    expect(packageName(path)).toBe(name);
  });

  it('is none for a file of ours', () => {
    expect(packagePath('libs/mesh/cache/dist/index.js')).toBeUndefined();
  });
});

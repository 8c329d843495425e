import { readCachedProjectGraph } from '@nx/devkit';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { undocumentedExports } from './undocumented-exports';
import { entries, files, projects, read, root } from './workspace';

// Each list of exceptions may only shrink: an entry that is no longer needed fails its test.
const LONGER_THAN_A_FILE_SHOULD_BE: readonly string[] = [
  'libs/domain/gifts/src/catalogue-data.ts', // A table, one gift a line.
];
const LINES_MAX = 300;

const isText = (path: string): boolean =>
  /\.(ts|mjs|cjs|js|json|md|ya?ml|proto|sql|sh|lua)$/.test(path) || !/\.\w+$/.test(path);
const isGenerated = (path: string): boolean => /^libs\/contract\/[^/]+\/src\/generated\//.test(path);
const isCode = (path: string): boolean => /\.(ts|mjs|cjs)$/.test(path);
const isTest = (path: string): boolean => /\.(spec|property|bench)\.ts$/.test(path) || path.startsWith('test/');

const all = files();
const everyProject = projects();
const written = all.filter((path) => isText(path) && !isGenerated(path) && path !== 'package-lock.json');

/** `path:line` of the lines that match, in all written text files. */
function linesMatching(pattern: RegExp, paths: readonly string[] = written): string[] {
  return paths.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
}

describe('the tree', () => {
  it('has files to look at', () => {
    expect(all.length).toBeGreaterThan(50);
    expect(written).toContain('test/workspace/src/tidy.spec.ts');
  });

  it(`has no file of code above ${LINES_MAX} lines`, () => {
    const long = written.filter((path) => isCode(path) && read(path).trimEnd().split('\n').length > LINES_MAX);
    expect(long.sort()).toEqual([...LONGER_THAN_A_FILE_SHOULD_BE].sort());
  });

  it('has a docblock on each export', () => {
    const undocumented = written
      .filter((path) => /^(libs|apps|tools)\/.*\.ts$/.test(path) && !isTest(path))
      .flatMap((path) => undocumentedExports(read(path)).map((name) => `${path}: ${name}`));
    expect(undocumented).toEqual([]);
  });

  it('leaves nothing undone in a comment', () => {
    expect(linesMatching(new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`))).toEqual([]);
  });

  it('runs every test: none is singled out or switched off', () => {
    const tests = written.filter((path) => isTest(path) && isCode(path));
    expect(
      linesMatching(/\b(it|test|describe)\.(only|skip|failing)\b|\b(fit|fdescribe|xit|xdescribe|xtest)\(/, tests),
    ).toEqual([]);
  });

  it('says why where it switches a rule of the linter or the compiler off', () => {
    const silent = new RegExp(`(eslint-${'disable'}(?!.* -- \\S)|@ts-${'ignore'}|@ts-${'nocheck'})`);
    expect(linesMatching(silent, written.filter(isCode))).toEqual([]);
  });

  it('knows no path of one machine', () => {
    expect(linesMatching(new RegExp(`(?<![\\w.:@-])/(${['wo' + 'rk', 'ro' + 'ot', 'ho' + 'me'].join('|')})/`))).toEqual(
      [],
    );
  });

  it('names no registry: the lock file works with whichever one npm is told to use', () => {
    const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { resolved?: string }> };
    const pinned = Object.entries(lock.packages).filter(([, { resolved }]) => resolved?.includes('://'));
    expect(pinned).toEqual([]);
    expect(linesMatching(new RegExp(`https?://${'regis'}try|^\\s*(@[\\w-]+:)?${'regis'}try\\s*=`))).toEqual([]);
  });

  it('has a licence, which every package names', () => {
    expect(read('LICENSE')).toContain('Apache License');
    const licences = everyProject.map(
      ({ folder }) => JSON.parse(read(join(folder, 'package.json'))) as { license?: string },
    );
    expect(licences.filter(({ license }) => license !== 'Apache-2.0')).toEqual([]);
  });
});

describe.each(everyProject)('$name', ({ name, folder, packageJson }) => {
  const mine = all.filter((path) => path.startsWith(`${folder}/`));

  it('says what it is: a description and a README', () => {
    expect(packageJson.description?.length ?? 0).toBeGreaterThan(20);
    expect(entries(folder)).toContain('README.md');
  });

  it('has the targets lint, typecheck, test and build', () => {
    const targets = Object.keys(readCachedProjectGraph().nodes[name]?.data.targets ?? {});
    expect(targets).toEqual(expect.arrayContaining(['lint', 'typecheck', 'test', 'build']));
  });

  it('has tests', () => {
    expect(mine.filter((path) => /\.(spec|property)\.ts$/.test(path))).not.toEqual([]);
  });

  it('runs the example of its README in a test', () => {
    // Those of the published libraries are run by test/readme, all in one place.
    if (/^libs\/(kernel|mesh)\//.test(folder)) return;
    const readme = join(folder, 'README.md');
    if (!existsSync(join(root, readme)) || !/^```(ts|typescript)\b/m.test(read(readme))) return;
    const readers = mine.filter(
      (path) => /\.spec\.ts$/.test(path) && (/readme/i.test(path) || read(path).includes('README')),
    );
    expect(readers).not.toEqual([]);
  });

  it('tells TypeScript the same dependencies as npm', () => {
    const { references } = JSON.parse(read(join(folder, 'tsconfig.json'))) as { references: { path: string }[] };
    const byName = new Map(everyProject.map((project) => [project.name, project.folder]));
    const declared = Object.keys({ ...packageJson.dependencies, ...packageJson.devDependencies })
      .filter((dependency) => dependency.startsWith('@giftmesh/'))
      .map((dependency) => byName.get(dependency) ?? `no project ${dependency}`);
    expect(references.map(({ path }) => join(folder, path)).sort()).toEqual(declared.sort());
  });
});

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { removeStale } from './stale';

let project = '';
beforeEach(() => (project = mkdtempSync(join(tmpdir(), 'giftmesh-stale-'))));
afterEach(() => rmSync(project, { recursive: true, force: true }));

function write(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), '');
  }
}

it('takes away what has no source, and nothing else', () => {
  const kept = [
    'dist/a.js',
    'dist/a.js.map',
    'dist/a.d.ts',
    'dist/in/b.d.ts.map',
    'dist/tsconfig.tsbuildinfo',
    'dist/data.json',
  ];
  const gone = ['dist/old.d.ts', 'dist/old.d.ts.map', 'dist/old.js', 'dist/out/b.js.map'];
  write('src/a.ts', 'src/in/b.ts', ...kept, ...gone);
  expect(removeStale(project)).toEqual(gone);
  expect([...kept, ...gone].filter((path) => existsSync(join(project, path)))).toEqual(kept);
});

it('wants a project that was built', () => {
  expect(() => removeStale(project)).toThrow('was not built');
});

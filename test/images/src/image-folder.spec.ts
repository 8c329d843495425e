import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot, TempFolders } from '@giftmesh/test-harness';
import { BILL_FILE, HEALTH_FILE, IMAGES, type ImageReport } from '@giftmesh/tool-image';
import { filesOf, madeImage, makeImageFolder } from './image-folders';

const MAKE_LIMIT_MS = 120_000;
const MIB = 2 ** 20;
/** What each folder may take: a fifth more than was measured when this was written. */
const BYTES_MAX: Readonly<Record<string, number>> = {
  interaction: 23 * MIB,
  'payment-station': 21 * MIB,
  'payment-da': 16 * MIB,
  standalone: 21 * MIB,
  operator: 11 * MIB,
};
/** Files of an image that are its own; threads come on top. */
const OWN = ['LICENSE', 'THIRD-PARTY-LICENSES.txt', 'main.js', 'package.json', BILL_FILE];

/** Sources, types, maps, texts. */
const NOT_RUN = /\.(ts|mts|cts|map|tsbuildinfo|md|c|cc|h|o|a)$/;

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly dev?: boolean }>>;
}
const lock = JSON.parse(readFileSync(join(repositoryRoot(), 'package-lock.json'), 'utf8')) as Lock;

describe('the folder of an image', () => {
  const folders = new TempFolders();
  const reports = () => IMAGES.map(({ name }) => [name, madeImage(name)] as const);
  const read = ({ folder }: ImageReport, path: string): string => readFileSync(join(folder, path), 'utf8');

  afterAll(() => folders.removeAll());

  it('is small', () => {
    for (const [name, { bytes }] of reports()) {
      expect([name, bytes]).toEqual([name, expect.any(Number)]);
      expect(bytes).toBeLessThan(BYTES_MAX[name] ?? 0);
      // A bound that is never near says nothing.
      expect(bytes).toBeGreaterThan((BYTES_MAX[name] ?? 0) / 2);
    }
  });

  it('holds programs, threads, packages, and what they are: no source, no map, no type', () => {
    for (const [name, report] of reports()) {
      const files = filesOf(report.folder).filter((path) => statSync(join(report.folder, path)).isFile());
      expect(files).toHaveLength(report.files);
      expect(files.filter((path) => NOT_RUN.test(path) && !/licen[cs]e\.md$/i.test(path))).toEqual([]);
      const top = files.filter((path) => !path.startsWith('node_modules/'));
      const threads = top.filter((path) => path.endsWith('-thread.js'));
      const health = name === 'operator' ? [] : [HEALTH_FILE];
      expect(top).toEqual([...OWN, ...threads, ...health].sort());
      if (name === 'standalone')
        expect(threads).toEqual(['da-thread.js', 'event-log-thread.js', 'ledger-audit-thread.js']);
    }
  });

  it('names exact versions, of packages that are beside the bundle', () => {
    for (const [, report] of reports()) {
      const { dependencies } = JSON.parse(read(report, 'package.json')) as { dependencies: Record<string, string> };
      expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(['better-sqlite3', 'pino']));
      for (const [name, version] of Object.entries(dependencies)) {
        expect(version).toMatch(/^\d+\.\d+\.\d+$/);
        const installed = JSON.parse(read(report, `node_modules/${name}/package.json`)) as { version: string };
        expect(installed.version).toBe(version);
      }
    }
  });

  it('has no package that is there for development, and none that nobody asks for', () => {
    for (const [, report] of reports()) {
      const paths = filesOf(report.folder)
        .filter((path) => /(^|\/)node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(path))
        .map((path) => path.slice(0, -'/package.json'.length));
      expect(
        paths.map((path) => `${path.split('node_modules/').at(-1)}@${lock.packages[path]?.version}`).sort(),
      ).toEqual(report.packages);
      expect(paths.filter((path) => lock.packages[path]?.dev === true)).toEqual([]);
      for (const name of ['typescript', 'jest', 'nx', 'esbuild', 'prebuild-install', 'yargs', '@types/node'])
        expect(paths).not.toContain(`node_modules/${name}`);
    }
  });

  it('lists every package with version, licence and digest, bundled or not', () => {
    for (const [name, report] of reports()) {
      const bill = JSON.parse(read(report, BILL_FILE)) as {
        metadata: { component: { name: string } };
        components: { name: string; purl: string; hashes?: object[]; licenses?: object[] }[];
      };
      expect(bill.metadata.component.name).toBe(`giftmesh-${name}`);
      expect(new Set(bill.components.map(({ purl }) => purl)).size).toBe(bill.components.length);
      for (const { hashes, licenses } of bill.components)
        expect([hashes, licenses]).toEqual([[expect.anything()], [expect.anything()]]);
      const listed = bill.components.map(({ purl }) => decodeURIComponent(purl.replace('pkg:npm/', '')));
      expect(listed).toEqual(expect.arrayContaining([...report.packages, expect.stringMatching(/^zod@/)]));
      expect(listed.length).toBeGreaterThanOrEqual(report.packages.length + 20);
      const licences = read(report, 'THIRD-PARTY-LICENSES.txt');
      for (const { name: one } of bill.components) expect(licences).toContain(`\n${one} `);
    }
  });

  it('has nothing of this machine in it', () => {
    for (const [, report] of reports())
      for (const path of filesOf(report.folder).filter((one) => /^[\w-]+\.(js|json|txt)$/.test(one)))
        expect([path, read(report, path).includes(repositoryRoot())]).toEqual([path, false]);
  });

  it(
    'is the same again, byte by byte and to the times of its files',
    async () => {
      const make = () => makeImageFolder('operator', join(folders.make('again'), 'app'));
      const [first, again] = await Promise.all([make(), make()]);
      expect(again.digest).toBe(first.digest);
      expect(filesOf(again.folder)).toEqual(filesOf(first.folder));
      for (const path of filesOf(first.folder).filter((one) => statSync(join(first.folder, one)).isFile()))
        expect([path, readFileSync(join(first.folder, path)).equals(readFileSync(join(again.folder, path)))]).toEqual([
          path,
          true,
        ]);
      const times = filesOf(again.folder).map((path) => statSync(join(again.folder, path)));
      expect(new Set(times.map(({ mtimeMs }) => mtimeMs))).toEqual(new Set([0]));
      expect(new Set(times.map(({ mode }) => mode & 0o777))).toEqual(new Set([0o644, 0o755]));
    },
    MAKE_LIMIT_MS,
  );
});

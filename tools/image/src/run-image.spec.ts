import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { billOfMaterials } from './bill-of-materials';
import { EXTERNALS, HARMLESS } from './externals';
import { digestOf, isOurs, writeFolder } from './folder';
import { IMAGES } from './images';
import { BILL_FILE } from './make-image';
import { parseCommand } from './options';
import { runImage } from './run-image';

const root = join(__dirname, '../../..');

describe('npm run image', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'giftmesh-image-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const run = async (args: readonly string[], environment: Readonly<Record<string, string>> = {}) => {
    const said = { stdout: '', stderr: '' };
    const into = (name: 'stdout' | 'stderr') => ({ write: (text: string) => (said[name] += text) });
    const code = await runImage(args, { stdout: into('stdout'), stderr: into('stderr'), environment, root });
    return { code, ...said };
  };

  it('has a help that names all images, and a list of them', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    for (const { name } of IMAGES) expect(stdout).toContain(name);
    expect((await run(['--list'])).stdout.trim().split('\n')).toHaveLength(IMAGES.length);
    expect(JSON.parse((await run(['--list', '--json'])).stdout)).toHaveLength(IMAGES.length);
  });

  it('reads what to make, and where', () => {
    const [image] = IMAGES;
    expect(parseCommand([image?.name ?? ''])).toEqual({
      kind: 'make',
      image,
      folder: join('tmp/images', image?.name ?? ''),
      json: false,
    });
    expect(parseCommand(['operator', '--out', 'x', '--json'])).toMatchObject({ folder: 'x', json: true });
  });

  it.each([
    [[], 'which image?'],
    [['gateway'], 'there is no image gateway; there are: interaction,'],
    [['operator', 'standalone'], 'one image at a time'],
    [['operator', '--out', ''], '--out must name a folder'],
    [['--list', 'operator'], '--list takes no image'],
    [['operator', '--force'], '--force'],
  ])('refuses %j', async (args, message) => {
    expect(await run(args)).toMatchObject({ code: 64, stderr: expect.stringContaining(message) });
  });

  it('writes over nothing that is not its own', async () => {
    writeFileSync(join(folder, 'thesis.txt'), 'mine');
    expect(await run(['operator', '--out', folder])).toMatchObject({
      code: 73,
      stderr: expect.stringContaining(folder),
    });
    expect(readFileSync(join(folder, 'thesis.txt'), 'utf8')).toBe('mine');
    expect(isOurs(join(folder, 'not-there'), BILL_FILE)).toBe(true);
    mkdirSync(join(folder, 'empty'));
    expect(isOurs(join(folder, 'empty'), BILL_FILE)).toBe(true);
  });

  it.each(['-1', 'now', '8589934592'])('refuses SOURCE_DATE_EPOCH %s', async (time) => {
    const { code, stderr } = await run(['operator', '--out', folder], { SOURCE_DATE_EPOCH: time });
    expect([code, stderr]).toEqual([78, expect.stringContaining(`is ${time}`)]);
  });

  it('says what is not built', async () => {
    const said = { stderr: '' };
    const stderr = { write: (text: string) => (said.stderr += text) };
    const code = await runImage(['operator', '--out', folder], {
      stdout: stderr,
      stderr,
      environment: {},
      root: folder,
    });
    expect([code, said.stderr]).toEqual([70, expect.stringContaining('package-lock.json')]);
  });
});

describe('writeFolder', () => {
  it('leaves nothing of what was there, and sets times and rights', () => {
    const folder = mkdtempSync(join(tmpdir(), 'giftmesh-image-'));
    const contents = new Map([['a/b/c.txt', 'x']]);
    writeFolder(folder, new Map([['old.txt', 'y']]), 0);
    writeFolder(folder, contents, 1_000);
    expect(() => statSync(join(folder, 'old.txt'))).toThrow('ENOENT');
    expect(['a', 'a/b', 'a/b/c.txt'].map((path) => statSync(join(folder, path)).mtimeMs)).toEqual([1e6, 1e6, 1e6]);
    rmSync(folder, { recursive: true });
  });

  it('has a digest that tells paths from contents, and does not depend on their order', () => {
    const digest = (...pairs: (readonly [string, string])[]): string => digestOf(new Map(pairs));
    expect(digest(['a', '1'], ['b', '2'])).toBe(digest(['b', '2'], ['a', '1']));
    expect(new Set([digest(['a', '1']), digest(['a', '2']), digest(['a1', '']), digest()]).size).toBe(4);
  });
});

describe('billOfMaterials', () => {
  const locked = { path: 'node_modules/@s/a', name: '@s/a', version: '1.0.0', isDev: false, needs: [], optional: [] };
  const application = { name: 'app', version: '1', description: 'd' };
  const only = (component: object): unknown =>
    (billOfMaterials(application, [component as never]) as { components: unknown[] }).components[0];

  it('has a name by which scanners know a package, its digest and its licence', () => {
    expect(
      only({ locked: { ...locked, integrity: 'sha512-/wA=' }, manifest: { license: 'MIT' }, isBundled: true }),
    ).toMatchObject({
      purl: 'pkg:npm/%40s/a@1.0.0',
      hashes: [{ alg: 'SHA-512', content: 'ff00' }],
      licenses: [{ expression: 'MIT' }],
      properties: [{ name: 'giftmesh:bundled', value: 'true' }],
    });
    const old = only({
      locked: { ...locked, integrity: undefined },
      manifest: { licenses: [{ type: 'MIT' }, { type: 'ISC' }] },
    });
    expect(old).toMatchObject({ licenses: [{ expression: 'MIT OR ISC' }] });
    expect(old).not.toHaveProperty('hashes');
  });
});

describe('the tables', () => {
  it('name packages that are installed', () => {
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: object };
    const names = [
      ...Object.keys(EXTERNALS),
      ...Object.keys(HARMLESS).map((path) => path.replace(/^(@[^/]+\/[^/]+|[^/]+)\/.*$/, '$1')),
    ];
    for (const name of names) expect(packages).toHaveProperty([`node_modules/${name}`]);
  });

  it('let files pass that need it, and no others', () => {
    const place =
      /__dirname|__filename|import\.meta|createRequire|require\.resolve|new Worker\(|require\(\s*[A-Za-z_$]/;
    for (const path of Object.keys(HARMLESS))
      expect([path, place.test(readFileSync(join(root, 'node_modules', path), 'utf8'))]).toEqual([path, true]);
  });
});

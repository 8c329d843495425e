import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Harness } from '@giftmesh/test-harness';

/** Ends by itself, for something is wrong: its exit code and what it said. */
async function failureOf(
  harness: Harness,
  options: { readonly dataFolder?: string; readonly env?: Record<string, string> },
): Promise<{ readonly code: number | null; readonly said: string }> {
  const failed = harness.spawn(options);
  const { code } = await failed.ended;
  return { code, said: failed.stderr };
}

describe('a process that cannot start', () => {
  const harness = new Harness();
  afterAll(() => harness.close());

  it('names every wrong setting, and settings that there are not (exit code 78)', async () => {
    const env = { GIFTMESH_SHARDS: 'many', GIFTMESH_STATION_PROT: '1' };
    const { code, said } = await failureOf(harness, { env });
    expect(code).toBe(78);
    expect(said).toContain('GIFTMESH_SHARDS is "many"');
    expect(said).toContain('GIFTMESH_STATION_PROT is not a setting');
  });

  it('says which port is in use (69)', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const { code, said } = await failureOf(harness, { env: { GIFTMESH_STATION_PORT: String(port) } });
    taken.close();
    expect(code).toBe(69);
    expect(said).toContain(`cannot listen on 127.0.0.1:${port}: the port is in use`);
  });

  it('leaves the data of a running one alone (75)', async () => {
    const mesh = await harness.startMesh();
    const { code, said } = await failureOf(harness, { dataFolder: mesh.dataFolder });
    expect(code).toBe(75);
    expect(said).toContain('another process');
    await mesh.process.stop();
  });

  it.each([
    [
      'a corrupt file',
      (path: string) => writeFileSync(path, 'no database, but long enough to look like one '.repeat(200)),
    ],
    ["another program's database", (path: string) => new Database(path).exec('CREATE TABLE mine (x)').close()],
  ])(
    'does not touch %s (65)',
    async (_name, spoil) => {
      for (const name of ['ledger.sqlite', 'events.sqlite', 'activity.sqlite']) {
        const dataFolder = harness.folder('spoiled');
        const path = join(dataFolder, name);
        spoil(path);
        const before = readFileSync(path);
        const { code, said } = await failureOf(harness, { dataFolder });
        expect(`${name} ${code}`).toBe(`${name} 65`);
        expect(said).toContain(path);
        expect(readFileSync(path).equals(before)).toBe(true);
      }
    },
    60_000,
  );

  it('says that the data folder is none (73)', async () => {
    const folder = harness.folder('file');
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const { code, said } = await failureOf(harness, { dataFolder: join(file, 'data') });
    expect(said).toContain(file);
    expect(code).toBe(73);
  });
});

import { renameSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { interaction } from '@giftmesh/contract';
import { freePort, Harness, useMesh } from '@giftmesh/test-harness';
import { Admin, type AdminState } from './support/admin';
import { eventually } from './support/eventually';
import { expectReconciled } from './support/reconcile';
import { balanceOf, giftOf, ledgerBalanceOf, ROOM, viewerWith } from './support/requests';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

/** How soon an edit is in force, milliseconds: the file is looked at each second. */
const IN_FORCE_MS = 2_500;
const RANKING = {
  roomId: ROOM,
  kind: interaction.LeaderboardKind.VIEWERS,
  period: interaction.LeaderboardPeriod.TOTAL,
  limit: 10,
};

/** A behaviour file. */
class BehaviourFile {
  readonly path: string;

  constructor(harness: Harness, content: unknown = {}) {
    this.path = join(harness.folder('behaviour'), 'behaviour.json');
    this.write(content);
  }

  /** Puts another in its place, as people and ConfigMaps do. Text is written as it is. */
  write(content: unknown): void {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    writeFileSync(`${this.path}.new`, text);
    renameSync(`${this.path}.new`, this.path);
  }
}

describe('the behaviour file of a running process', () => {
  const harness = new Harness();
  const file = new BehaviourFile(harness);
  const admin = new Admin('');
  const daAdmin = new Admin('');
  const env: Record<string, string> = { GIFTMESH_BEHAVIOUR_FILE: file.path };
  beforeAll(async () => {
    for (const [name, place] of [
      ['GIFTMESH_ADMIN_ADDRESS', admin],
      ['GIFTMESH_DA_ADMIN_ADDRESS', daAdmin],
    ] as const)
      env[name] = place.address = `127.0.0.1:${await freePort()}`;
  });
  const mesh = useMesh({ env });
  afterAll(() => harness.close());

  /** The state once the file says so. */
  const inForce = (behaviour: unknown, of = admin): Promise<AdminState> =>
    eventually(async () => {
      const state = await of.state();
      expect(state.behaviour).toEqual(behaviour);
      return state;
    }, IN_FORCE_MS);

  it('is edited while calls go on: soon in force in both threads, and no call notices', async () => {
    const viewerId = await viewerWith(mesh, 10_000n);
    let going = true;
    let sent = 0;
    const failures: unknown[] = [];
    const lanes = Array.from({ length: 4 }, async () => {
      while (going) {
        await Promise.all([
          mesh.interaction.call.sendGift(giftOf({ viewerId })).then(
            () => (sent += 1),
            (error: unknown) => failures.push(error),
          ),
          mesh.interaction.call.getLeaderboard(RANKING).catch((error: unknown) => failures.push(error)),
        ]);
      }
    });
    try {
      for (const [behaviour, admission, queueMax] of [
        [{ server: { admission: { kind: 'none' }, queueMax: 5_000 }, client: { breaker: false } }, 'none', 5_000],
        [{ server: { concurrency: { kind: 'adaptive' }, queueMax: 4_000 }, client: { retry: false } }, 'dagor', 4_000],
        [{ client: { throttle: {}, earlyShedding: false }, tracing: { ratio: 1 } }, 'dagor', 10_000],
        [{}, 'dagor', 10_000],
      ] as const) {
        const before = sent;
        file.write(behaviour);
        const state = await inForce(behaviour);
        for (const server of ['interaction', 'payment-station'])
          expect(state.servers[server]?.['admission']).toMatchObject({ admission, queueMax });
        const { servers } = await inForce(behaviour, daAdmin);
        expect(servers['payment-da']?.['admission']).toMatchObject({ admission, queueMax });
        const channel = state.channels['payment-station'] ?? {};
        const client = ('client' in behaviour ? behaviour.client : {}) as Record<string, unknown>;
        for (const part of ['retry', 'breaker', 'earlyShedding'])
          expect([part, part in channel]).toEqual([part, client[part] !== false]);
        expect('throttle' in channel).toBe('throttle' in client);
        await eventually(() => expect(sent).toBeGreaterThan(before));
      }
    } finally {
      going = false;
      await Promise.all(lanes);
    }
    expect(failures.map(String)).toEqual([]);
    expect(await balanceOf(mesh, viewerId)).toBe(10_000n - BigInt(sent));
    expect(await ledgerBalanceOf(mesh, viewerId)).toBe(10_000n - BigInt(sent));
    await expectReconciled(mesh.dataFolder, mesh.addresses.station);
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '{"server": ', 'JSON'],
    ['nothing', '', 'JSON'],
    ['a list', [], 'the behaviour must be an object'],
    ['an unknown part', { servers: {} }, 'no servers; there are: server, client, tracing, features'],
    ['an unknown field', { client: { retires: {} } }, 'no client.retires'],
    ['an unknown option', { client: { retry: { maxAttempt: 3 } } }, 'no client.retry.maxAttempt'],
    ['an unknown option of the admission', { server: { admission: { kind: 'dagor', targetMS: 5 } } }, 'targetMS'],
    ['an unknown feature', { features: { gifts: 'off' } }, 'no feature gifts; there are: rankings, points, push'],
    ['a switch that is none', { features: { push: 'maybe' } }, 'features.push must be on, off or auto'],
    ['a number out of range', { server: { queueMax: 0 } }, 'queueMax must be 1 to 1000000, got 0'],
    ['a ratio out of range', { tracing: { ratio: 2 } }, 'ratio must be from 0 to 1, got 2'],
    ['a kind that there is not', { server: { admission: { kind: 'magic' } } }, 'no admission of kind "magic"'],
    [
      'something right before something wrong',
      { server: { admission: { kind: 'none' } }, client: { retry: { maxAttempts: 0 } } },
      'maxAttempts must be',
    ],
    ['more than can be read', `{}${' '.repeat(1_048_576)}`, 'must be at most 1048576 bytes'],
  ])('that says %s is refused and told, and the old one stays in force', async (_, content, problem) => {
    const before = await admin.state();
    const told = (): string[] =>
      mesh.process.stderr
        .split('\n')
        .filter((line) => line.includes('the behaviour stays as it was') && line.includes(file.path))
        .map((line) => (JSON.parse(line) as { problem: string }).problem);
    const earlier = told().length;
    file.write(content);
    await eventually(() => {
      // By both threads, each for itself.
      expect(told().slice(earlier)).toHaveLength(2);
    }, IN_FORCE_MS);
    for (const one of told().slice(earlier)) expect(one).toContain(problem);
    const { behaviour, servers, features } = await admin.state();
    expect({ behaviour, features }).toEqual({ behaviour: before.behaviour, features: before.features });
    expect(servers['interaction']?.['admission']?.['admission']).toBe('dagor');
    await mesh.interaction.call.getLeaderboard(RANKING);
    // What is right again is taken.
    file.write(before.behaviour);
  });

  it('switches rankings, points and pushes off: rankings stay as they were, gifts are paid as ever', async () => {
    const viewerId = await viewerWith(mesh, 100_000n);
    await mesh.interaction.call.sendGift(giftOf({ viewerId, count: 500 }));
    const coinsOf = async (): Promise<bigint | undefined> =>
      (await mesh.interaction.call.getLeaderboard(RANKING)).entries.find(({ userId }) => userId === viewerId)?.score;
    await eventually(async () => expect(await coinsOf()).toBe(500n));

    const off = { features: { rankings: 'off', points: 'off', push: 'off' } };
    file.write(off);
    expect((await inForce(off)).features).toEqual({ rankings: 'off', points: 'off', push: 'off' });
    const { balance } = await mesh.interaction.call.sendGift(giftOf({ viewerId, count: 100 }));
    expect(balance).toBe(99_400n);
    expect(await ledgerBalanceOf(mesh, viewerId)).toBe(99_400n);
    const endMs = performance.now() + 1_500;
    while (performance.now() < endMs) expect(await coinsOf()).toBe(500n);

    file.write({ features: { rankings: 'on' } });
    await inForce({ features: { rankings: 'on' } });
    await eventually(async () => expect(await coinsOf()).toBe(600n));
    file.write({});
    await inForce({});
  });
});

describe('a process', () => {
  const harness = new Harness();
  afterAll(() => harness.close());

  const failureOf = async (env: Record<string, string>, app: 'standalone' | 'payment-da' = 'standalone') => {
    const failed = harness.spawn({ app, env });
    const { code } = await failed.ended;
    return { code, said: failed.stderr };
  };

  it.each<[string, unknown, string]>([
    ['is no JSON', '{', 'JSON'],
    ['has an unknown field', { srever: {} }, 'no srever; there are'],
    ['has an unknown kind', { server: { admission: { kind: 'magic' } } }, 'no admission of kind "magic"'],
    ['is out of range for its clients', { client: { retry: { maxAttempts: 99 } } }, 'maxAttempts must be'],
    ['has a feature that there is not', { features: { gifts: 'off' } }, 'no feature gifts'],
  ])('does not start with a behaviour file that %s (78)', async (_, content, problem) => {
    const { path } = new BehaviourFile(harness, content);
    const { code, said } = await failureOf({ GIFTMESH_BEHAVIOUR_FILE: path });
    expect(said).toContain(`behaviour file ${path}: `);
    expect(said).toContain(problem);
    expect(code).toBe(78);
  });

  it('does not start without the behaviour file that it is told of (78)', async () => {
    const path = join(harness.folder(), 'none.json');
    const { code, said } = await failureOf({ GIFTMESH_BEHAVIOUR_FILE: path }, 'payment-da');
    expect(said).toContain(`behaviour file ${path}: ENOENT`);
    expect(code).toBe(78);
  });

  it('starts with features switched off, in all of its threads', async () => {
    const { path } = new BehaviourFile(harness, { features: { rankings: 'off' } });
    const address = `127.0.0.1:${await freePort()}`;
    await harness.startMesh({ env: { GIFTMESH_BEHAVIOUR_FILE: path, GIFTMESH_ADMIN_ADDRESS: address } });
    expect((await new Admin(address).state()).features).toEqual({ rankings: 'off', points: 'on', push: 'on' });
  });

  it.each([
    ['GIFTMESH_ADMIN_ADDRESS', 'standalone'],
    ['GIFTMESH_DA_ADMIN_ADDRESS', 'standalone'],
    ['GIFTMESH_ADMIN_ADDRESS', 'payment-da'],
  ] as const)('says when the port of %s is taken (69, %s)', async (setting, app) => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const { code, said } = await failureOf({ [setting]: `127.0.0.1:${port}` }, app);
    taken.close();
    expect(said).toContain(`127.0.0.1:${port}`);
    expect(code).toBe(69);
  });

  it.each([
    ['GIFTMESH_ADMIN_ADDRESS', 'nowhere', 'host:port'],
    ['GIFTMESH_OTLP_ENDPOINT', 'ftp://collector', 'http(s) URL'],
  ])('does not start with a %s that is none (78)', async (setting, value, problem) => {
    const { code, said } = await failureOf({ [setting]: value }, 'payment-da');
    expect(said).toContain(value);
    expect(said).toContain(problem);
    expect(code).toBe(78);
  });
});

import { CALL_CLASSES } from './suites/call-classes';
import { GeneratorProcess } from './load/generator-process';
import type { ServerSpec } from './servers/server-spec';
import { ServerProcess } from './servers/server-process';

describe('a generator and a server in processes of their own', () => {
  const generator = new GeneratorProcess();
  const servers: ServerProcess[] = [];
  const start = async (spec: Partial<ServerSpec>): Promise<ServerProcess> => {
    const server = await ServerProcess.start({ stack: 'bare', work: { kind: 'echo' }, seed: 1, ...spec });
    servers.push(server);
    return server;
  };
  const plan = {
    phases: [{ name: 'all', seconds: 0.5, perSecond: 200 }],
    classes: CALL_CLASSES,
    arrivals: 'constant',
    seed: 1,
    deadlineMs: 1_000,
  } as const;
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));
  afterAll(() => generator.stop());

  it.each([
    ['bare', 'plain'],
    ['mesh', 'plain'],
    ['bare', 'mesh'],
    ['mesh', 'mesh'],
    ['full', 'mesh'],
  ] as const)('%s server, %s client: what is offered is answered, and counted', async (stack, kind) => {
    const server = await start({ stack });
    const report = await generator.openLoop({ kind, target: server.address, connections: 2 }, plan);
    expect(report.phases[0]?.all).toMatchObject({ sent: 100, ok: 100, failed: {} });
    expect(report.cpuShare).toBeGreaterThan(0);
    expect(Object.values(report.phases[0]?.classes ?? {}).reduce((sum, { sent }) => sum + sent, 0)).toBe(100);
    // A mesh client has made a call on each of its connections before.
    if (stack !== 'full') expect((await server.stats()).reached).toBeGreaterThanOrEqual(100);
  });

  it('relays with the callers’ deadline, and fails on purpose', async () => {
    const backend = await start({});
    const client = { kind: 'plain', target: backend.address } as const;
    const relay = await start({ stack: 'mesh', work: { kind: 'relay', client, calls: 2, sendsMax: 2 } });
    const whole = await generator.openLoop({ kind: 'plain', target: relay.address }, plan);
    expect(whole.phases[0]?.all).toMatchObject({ sent: 100, ok: 100 });
    expect((await backend.stats()).reached).toBe(200);
    await backend.fault({ share: 1, delayMs: 0 });
    const broken = await generator.openLoop({ kind: 'plain', target: relay.address }, plan);
    expect(broken.phases[0]?.all).toMatchObject({ sent: 100, ok: 0, failed: { UNAVAILABLE: 100 } });
    expect((await backend.stats()).reached).toBe(400);
  });

  it('says why a server can’t be started, and that a process has ended', async () => {
    await expect(start({ work: { kind: 'cpu', workMs: -1 } })).rejects.toThrow('workMs must be above 0, is -1');
    const server = await start({});
    await server.stop();
    await expect(server.stats()).rejects.toThrow('server-main.js');
  });
});

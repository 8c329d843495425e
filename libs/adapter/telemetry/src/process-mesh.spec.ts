import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@giftmesh/kernel-config';
import { startProcessMesh, type ProcessMesh, type ProcessMeshOptions } from './index';

const folder = mkdtempSync(join(tmpdir(), 'giftmesh-process-mesh-'));
const path = join(folder, 'behaviour.json');
const running: ProcessMesh[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function start(options: Partial<ProcessMeshOptions> = {}) {
  const errors: object[] = [];
  const log = { info: () => undefined, error: (fields: object) => void errors.push(fields) };
  const started = await startProcessMesh({ serviceName: 'test', adminAddress: '127.0.0.1:0', log, ...options });
  running.push(started);
  const get = (page: string): Promise<Response> => fetch(`http://${started.telemetry.metricsAddress}${page}`);
  return { ...started, get, errors };
}
const write = (behaviour: unknown): void => writeFileSync(path, JSON.stringify(behaviour));

describe('startProcessMesh', () => {
  it('shows the state and metrics of its mesh, and its health', async () => {
    let isHealthy = true;
    const { mesh, get, errors } = await start({ features: ['rankings'], healthy: () => isHealthy });
    mesh.createChannel({ name: 'to nowhere', to: { address: '127.0.0.1:1' } });
    expect(await (await get('/state')).json()).toMatchObject({
      overloaded: false,
      features: { rankings: 'on' },
      channels: { 'to nowhere': { retry: {} } },
    });
    expect(await (await get('/metrics')).text()).toContain('group="channel to nowhere"');
    expect((await get('/healthz')).status).toBe(200);
    isHealthy = false;
    expect((await get('/healthz')).status).toBe(503);
    expect(errors).toEqual([]);
  });

  it('needs no file, no address and no collector', async () => {
    const { mesh, telemetry } = await start({ adminAddress: undefined });
    expect([telemetry.metricsAddress, telemetry.tracer, mesh.overloaded]).toEqual([undefined, undefined, false]);
  });

  it('begins with what the behaviour file says', async () => {
    write({ features: { rankings: 'off' }, client: { retry: false } });
    const { mesh } = await start({ features: ['rankings'], behaviourFile: path });
    mesh.createChannel({ name: 'to nowhere', to: { address: '127.0.0.1:1' } });
    expect(mesh.isOff('rankings')).toBe(true);
    expect(mesh.state.channels['to nowhere']?.['retry']).toBeUndefined();
  });

  it.each([
    [{ server: { admission: { kind: 'magic' } } }, 'no admission of kind "magic"'],
    [{ client: { retry: { maxAttempts: 0 } } }, 'maxAttempts must be'],
    [{ features: { rankings: 'off' } }, 'no feature rankings; there are: none'],
  ])('rejects a behaviour file that can not work, %j, and leaves its address free', async (behaviour, problem) => {
    write(behaviour);
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const adminAddress = `127.0.0.1:${port}`;
    const error: unknown = await start({ behaviourFile: path, adminAddress }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toContain(problem);
    expect((error as ConfigError).message).toContain(path);
    write({});
    await start({ behaviourFile: path, adminAddress });
  });

  it.each([
    [{ adminAddress: 'nowhere' }, 'address must be host:port, got "nowhere"'],
    [{ otlpEndpoint: 'ftp://x' }, 'otlpEndpoint must be a http(s) URL, got "ftp://x"'],
  ])('rejects an address that is none as configuration: %j', async (options, problem) => {
    const error: unknown = await start(options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toContain(problem);
  });

  it("rejects with the system's error when the address is taken", async () => {
    const { telemetry } = await start();
    const second = start({ adminAddress: telemetry.metricsAddress });
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE', syscall: 'listen' });
  });

  it('stops more than once, and answers no more', async () => {
    const { stop, get } = await start();
    await stop();
    await stop();
    await expect(get('/state')).rejects.toThrow();
  });
});

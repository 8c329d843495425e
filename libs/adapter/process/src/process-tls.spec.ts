import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError, loadConfig } from '@giftmesh/kernel-config';
import { systemClock } from '@giftmesh/kernel-time';
import { createClient, grpcTransport } from '@giftmesh/mesh-client';
import { healthDefinition, HealthRegistry } from '@giftmesh/mesh-health';
import { MetricsRegistry } from '@giftmesh/mesh-telemetry';
import { CertificateFolder, makeAuthority } from '@giftmesh/mesh-tls/testing';
import { certificateFilesOf, openTls, tlsSettings, type ProcessTls } from './index';

const schema = z.object(tlsSettings);
const HALF_HOUR_MS = 1_800_000;
const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function open(variables: Readonly<Record<string, string>> = {}) {
  const said: object[] = [];
  const say = (fields: object, message: string) => void said.push({ ...fields, message });
  const log = { info: say, error: say };
  const tls: ProcessTls = await openTls(loadConfig(schema, variables), log, systemClock);
  opened.push(() => tls.stop());
  return { tls, said };
}

function certificates() {
  const path = mkdtempSync(join(tmpdir(), 'process-tls-'));
  opened.push(() => rmSync(path, { recursive: true }));
  const authority = makeAuthority(systemClock.nowMs());
  const folder = new CertificateFolder(path, authority.issueWorkload('station'), authority.certificate);
  const { certificateFile, privateKeyFile, caFile } = folder.paths;
  const variables = {
    GIFTMESH_TLS_CERT_FILE: certificateFile,
    GIFTMESH_TLS_KEY_FILE: privateKeyFile,
    GIFTMESH_TLS_CA_FILE: caFile,
  };
  return { folder, variables };
}

describe('openTls', () => {
  it('does nothing where it is told of nothing', async () => {
    const { tls, said } = await open();
    expect([tls.server, tls.channelTo('station')]).toEqual([{}, {}]);
    const metrics = new MetricsRegistry();
    tls.observe(metrics);
    await tls.serveHealth(new HealthRegistry());
    expect([metrics.snapshot(), said]).toEqual([[], []]);
  });

  it('gives servers and channels what the files say, connections an end, and metrics the day', async () => {
    const { folder, variables } = certificates();
    const { tls } = await open(variables);
    expect(tls.server).toMatchObject({ limits: { maxConnectionAgeMs: HALF_HOUR_MS } });
    expect(tls.server.credentials?._isSecure()).toBe(true);
    expect(tls.server.authorization?.own()).toMatchObject({ workload: { serviceAccount: 'station' } });
    expect(tls.channelTo('da').credentials?._isSecure()).toBe(true);
    const metrics = new MetricsRegistry();
    tls.observe(metrics);
    const valueOf = (name: string) => metrics.snapshot().find((family) => family.name === name)?.points;
    const [expiry] = valueOf('mesh.tls.certificate.expiry') as unknown as [{ value: number }];
    expect(expiry.value).toBeGreaterThan(systemClock.nowMs() / 1_000 + 3_000);
    const [validity] = valueOf('mesh.tls.certificate.validity') as unknown as [{ value: number }];
    expect(validity.value).toBeGreaterThan(3_000);
    expect(valueOf('mesh.tls.certificate.events')).toEqual([
      { labels: ['reload'], value: 0 },
      { labels: ['refused'], value: 0 },
    ]);
    expect(folder.paths).toEqual(certificateFilesOf(loadConfig(schema, variables)));
  });

  it('lets connections live as long as it is told, also without certificates', async () => {
    const age = { GIFTMESH_MAX_CONNECTION_AGE_MS: '5000' };
    expect((await open(age)).tls.server).toEqual({ limits: { maxConnectionAgeMs: 5_000 } });
    const { tls } = await open({ ...certificates().variables, ...age });
    expect(tls.server.limits).toEqual({ maxConnectionAgeMs: 5_000 });
  });

  it('refuses files that are named in part, and says which are not', async () => {
    const { variables } = certificates();
    for (const missing of Object.keys(variables)) {
      const error: unknown = await open({ ...variables, [missing]: 'none' }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).problems).toEqual([
        expect.stringMatching(`all of them, or none; not set: ${missing}$`),
      ]);
    }
  });

  it('refuses files that cannot be used, and says what to do', async () => {
    const { folder, variables } = certificates();
    folder.write('privateKeyFile', 'no key');
    const error: unknown = await open(variables).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toMatch(/tls\.key has no private key.*Set GIFTMESH_TLS_CERT_FILE/);
  });

  it('serves the health of others without TLS, where it is told to', async () => {
    const { tls, said } = await open({ ...certificates().variables, GIFTMESH_HEALTH_ADDRESS: '127.0.0.1:0' });
    const health = new HealthRegistry();
    health.register('shop.v1.Shop');
    await tls.serveHealth(health);
    const [{ port, message }] = said as [{ port: number; message: string }];
    expect(message).toBe('health without TLS');
    const transport = grpcTransport({ address: `127.0.0.1:${port}` });
    opened.push(() => transport.close());
    const client = createClient(healthDefinition(), transport);
    expect(await client.check({ service: 'shop.v1.Shop' })).toMatchObject({ status: 1 });
  });

  it('knows an address of health that is none', async () => {
    await expect(open({ GIFTMESH_HEALTH_ADDRESS: '7011' })).rejects.toThrow('must look like 0.0.0.0:7011, or none');
  });
});

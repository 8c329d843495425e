import { connect } from 'node:tls';
import { credentials, Metadata, status, type ChannelCredentials } from '@grpc/grpc-js';
import { contractDescriptors, interaction } from '@giftmesh/contract';
import { sleep, systemClock } from '@giftmesh/kernel-time';
import { methodPolicies } from '@giftmesh/mesh-policy';
import { CertificateFolder, makeAuthority } from '@giftmesh/mesh-tls/testing';
import { Harness, type AppName } from '@giftmesh/test-harness';
import { eventually } from './support/eventually';
import { checkHealth, HEALTH, SERVICE_NAMES } from './support/health';
import { METHODS } from './support/methods';
import { ACCOUNTS, MtlsMesh, showing, tlsEnv } from './support/mtls-mesh';
import { rawStatus } from './support/raw-status';
import { giftOf, HOST, ledgerBalanceOf, viewerWith } from './support/requests';
import type { ServiceName } from './support/three-processes';

jest.setTimeout(120_000);

const SERVICES = ['da', 'station', 'interaction'] as const;
/** How long a stream that has nothing to say is listened to, milliseconds. */
const LISTEN_MS = 4_000;
const CALLERS = ['giftmesh-gateway', ...Object.values(ACCOUNTS), 'billing', 'operator', 'default'];

describe('three processes with certificates', () => {
  const harness = new Harness();
  let mesh: MtlsMesh;
  beforeAll(async () => {
    mesh = await MtlsMesh.start(harness);
  });
  afterAll(() => harness.close());
  const addressOf = (service: ServiceName): string => mesh.processes[service].address;

  it('carry a gift from the gateway to the ledger', async () => {
    const clients = mesh.clients();
    const viewerId = await viewerWith(clients, 10n);
    const before = await ledgerBalanceOf(clients, HOST);
    expect(await clients.interaction.call.sendGift(giftOf({ viewerId }))).toMatchObject({ balance: 9n });
    await eventually(async () => expect(await ledgerBalanceOf(clients, HOST)).toBe(before + 1n));
    expect(await ledgerBalanceOf(clients, viewerId)).toBe(9n);
    for (const { process } of Object.values(mesh.processes)) expect(process.stderr).not.toMatch(/DeprecationWarning/);
  });

  it('do not take callers whom their authority does not vouch for now', async () => {
    const nowMs = Date.now();
    const { authority } = mesh;
    const right = authority.certificate;
    const other = makeAuthority(nowMs);
    for (const service of SERVICES) {
      const account = service === 'da' ? 'payment-station' : service === 'station' ? 'interaction' : 'giftmesh-gateway';
      const method = METHODS.find((one) => one.service === service) as (typeof METHODS)[number];
      const codeOf = async (shown: Parameters<typeof rawStatus>[1]) =>
        (await rawStatus(addressOf(service), shown, method.path, method.request())).code;
      const wrong = {
        plain: credentials.createInsecure(),
        none: showing(undefined, right),
        other: showing(other.issueWorkload(account), right),
        expired: showing(authority.issueWorkload(account, { notAfterMs: nowMs - 1_000 }), right),
        early: showing(authority.issueWorkload(account, { notBeforeMs: nowMs + 1_000_000 }), right),
      };
      for (const [name, shown] of Object.entries(wrong)) {
        expect([service, name, await codeOf(shown)]).toEqual([service, name, status.UNAVAILABLE]);
      }
      expect(await codeOf(mesh.as(account))).not.toBe(status.UNAVAILABLE);
      const far = showing(authority.issueWorkload(account, { namespace: 'far' }), right);
      expect(await codeOf(far)).toBe(status.PERMISSION_DENIED);
    }
  });

  it('let each method be called by whom the contract names, and by nobody else', async () => {
    const policies = methodPolicies(contractDescriptors());
    for (const { service, path, request, endless } of METHODS) {
      const named = policies.get(path)?.callers ?? [];
      expect(named.length).toBeGreaterThan(0);
      for (const caller of CALLERS) {
        const { code, reason } = await rawStatus(
          addressOf(service),
          mesh.as(caller),
          path,
          request(),
          endless && LISTEN_MS,
        );
        const isRefused = reason === 'CALLER_NOT_ALLOWED' && code === status.PERMISSION_DENIED;
        expect([path, caller, isRefused]).toEqual([path, caller, !named.includes(caller)]);
        if (!isRefused)
          expect([status.UNAUTHENTICATED, status.PERMISSION_DENIED, status.UNAVAILABLE]).not.toContain(code);
      }
    }
    // What the whole is for.
    const loadAssets = METHODS.find(({ path }) => path.endsWith('/LoadAssets')) as (typeof METHODS)[number];
    const ask = (caller: string) => rawStatus(addressOf('da'), mesh.as(caller), loadAssets.path, loadAssets.request());
    expect(await ask('payment-station')).toMatchObject({ code: status.OK });
    expect(await ask('interaction')).toMatchObject({ code: status.PERMISSION_DENIED, info: { caller: 'interaction' } });
  });

  it('show their health to whoever has a certificate, and without TLS at an address of its own', async () => {
    for (const service of SERVICES) {
      const name = SERVICE_NAMES[service];
      const healthOf = (address: string, shown = credentials.createInsecure()) =>
        checkHealth(harness.connect(interaction.InteractionServiceClient, address, shown), name);
      expect(await healthOf(addressOf(service), mesh.as('operator'))).toBe(HEALTH.SERVING);
      expect(await healthOf(mesh.processes[service].healthAddress)).toBe(HEALTH.SERVING);
      await expect(healthOf(addressOf(service))).rejects.toMatchObject({ code: status.UNAVAILABLE });
      // Nothing else is there.
      const method = METHODS.find((one) => one.service === service) as (typeof METHODS)[number];
      const { healthAddress } = mesh.processes[service];
      const answer = await rawStatus(healthAddress, credentials.createInsecure(), method.path, method.request());
      expect(answer.code).toBe(status.UNIMPLEMENTED);
    }
  });
});

const clientsOpen: interaction.InteractionServiceClient[] = [];

describe('certificates that are replaced on disk', () => {
  const harness = new Harness();
  afterAll(async () => {
    for (const client of clientsOpen) client.close();
    await harness.close();
  });

  it('are seen by new connections, and no gift fails', async () => {
    const mesh = await MtlsMesh.start(harness, { GIFTMESH_MAX_CONNECTION_AGE_MS: '400' });
    const clients = mesh.clients();
    const gateway = retrying(mesh.processes.interaction.address, mesh.as('giftmesh-gateway'));
    const viewers = await Promise.all(Array.from({ length: 4 }, () => viewerWith(clients, 100_000n)));
    let isOver = false;
    let answered = 0;
    const failed: unknown[] = [];
    const sendBy = (sendGift: typeof gateway): Promise<unknown> =>
      Promise.all(
        viewers.map(async (viewerId) => {
          while (!isOver) {
            await sendGift(giftOf({ viewerId })).then(
              () => (answered += 1),
              (error: unknown) => failed.push(error),
            );
            await sleep(systemClock, 5);
          }
        }),
      );
    const senders = sendBy(gateway);
    // All three trust both authorities, then show certificates of the second; callers keep those of the first.
    const second = makeAuthority(Date.now(), 'Second authority');
    const both = mesh.authority.certificate + second.certificate;
    const everywhere = async (change: (folder: CertificateFolder, service: ServiceName) => void): Promise<void> => {
      const reloadsOf = (text: string): number => text.split('other certificates are in force').length;
      const before = SERVICES.map((service) => reloadsOf(mesh.processes[service].process.stderr));
      for (const service of SERVICES) change(mesh.processes[service].folder, service);
      await eventually(() => {
        const now = SERVICES.map((service) => reloadsOf(mesh.processes[service].process.stderr));
        now.forEach((reloads, index) => expect(reloads).toBeGreaterThan(before[index] as number));
      }, 30_000);
      const answeredBefore = answered;
      // Longer than a connection lives: all calls now go over new ones.
      await sleep(systemClock, 1_000);
      expect(answered).toBeGreaterThan(answeredBefore);
    };
    await everywhere((folder) => folder.write('caFile', both));
    const shown = new Map(SERVICES.map((service) => [service, second.issueWorkload(ACCOUNTS[service])]));
    const trusted = retrying(
      mesh.processes.interaction.address,
      showing(second.issueWorkload('giftmesh-gateway'), both),
    );
    // The senders' client trusts the first authority alone, so it has to go over before the servers do.
    isOver = true;
    await senders;
    isOver = false;
    const others = sendBy(trusted);
    await everywhere((folder, service) =>
      folder.replace(shown.get(service) as NonNullable<ReturnType<typeof shown.get>>),
    );
    for (const service of SERVICES) {
      const pem = shown.get(service)?.certificate ?? '';
      expect(await shownBy(mesh.processes[service].address, second)).toBe(pem.replace(/-----[^-]+-----|\n/g, ''));
    }
    await everywhere((folder) => folder.write('caFile', second.certificate));
    isOver = true;
    await others;
    expect(failed).toEqual([]);
    // Whom only the first authority vouches for is nobody now.
    const late = harness.connect(
      interaction.InteractionServiceClient,
      mesh.processes.interaction.address,
      showing(mesh.authority.issueWorkload('giftmesh-gateway'), both),
    );
    await expect(late.call.sendGift(giftOf())).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });
});

describe('certificates that cannot be used', () => {
  const harness = new Harness();
  afterAll(() => harness.close());
  const refused = async (app: AppName, env: Readonly<Record<string, string>>): Promise<string> => {
    const process = harness.spawn({ app, env });
    expect((await process.ended).code).toBe(78);
    return process.stderr;
  };

  it.each(Object.values(ACCOUNTS))('are refused at the start of %s, with what to do (78)', async (app) => {
    const authority = makeAuthority(Date.now());
    const folder = new CertificateFolder(harness.folder(app), authority.issueWorkload(app), authority.certificate);
    const { GIFTMESH_TLS_KEY_FILE: _left, ...part } = tlsEnv(folder);
    const [missing, wrong] = await Promise.all([
      refused(app, part),
      refused(app, { ...tlsEnv(folder), GIFTMESH_TLS_KEY_FILE: folder.paths.caFile }),
    ]);
    expect(missing).toContain('set all of them, or none; not set: GIFTMESH_TLS_KEY_FILE');
    expect(wrong).toContain(`${folder.paths.caFile} has no private key in PEM`);
    expect(wrong).toContain('Set GIFTMESH_TLS_CERT_FILE, GIFTMESH_TLS_KEY_FILE and GIFTMESH_TLS_CA_FILE');
    const expired = authority.issueWorkload(app, { notAfterMs: Date.now() - 1_000 });
    folder.replace(expired);
    expect(await refused(app, tlsEnv(folder))).toContain('has expired');
  });
});

/**
 * Sends gifts as gRPC clients do by default: a stream that a connection at its end has refused goes over the next one. The harness's clients
 * have that turned off.
 */
function retrying(address: string, shown: ChannelCredentials) {
  const client = new interaction.InteractionServiceClient(address, shown, { 'grpc.use_local_subchannel_pool': 1 });
  clientsOpen.push(client);
  return (gift: interaction.SendGiftRequest): Promise<void> =>
    new Promise((resolve, reject) => {
      client.sendGift(gift, new Metadata(), { deadline: Date.now() + 10_000 }, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
}

/** The certificate that a server shows to a new connection, base64. */
function shownBy(address: string, authority: ReturnType<typeof makeAuthority>): Promise<string> {
  const { certificate, privateKey } = authority.issueWorkload('operator');
  const [host, port] = address.split(':') as [string, string];
  return new Promise((resolve, reject) => {
    const socket = connect(
      {
        host,
        port: Number(port),
        ca: authority.certificate,
        cert: certificate,
        key: privateKey,
        ALPNProtocols: ['h2'],
        checkServerIdentity: () => undefined,
      },
      () => {
        resolve(socket.getPeerCertificate().raw.toString('base64'));
        socket.destroy();
      },
    );
    socket.once('error', reject);
  });
}

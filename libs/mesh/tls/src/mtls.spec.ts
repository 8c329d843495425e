import { credentials, status, type ServiceError } from '@grpc/grpc-js';
import { createClient, grpcTransport, remoteHealth } from '@giftmesh/mesh-client';
import type { StatusError } from '@giftmesh/kernel-errors';
import { callOnce, atEnd, closeAll, connectTls, openFiles, shop, startShop } from './mtls-test-kit';
import { authorizationPolicy, channelSecurity } from './index';
import { makeAuthority, type IssuedCertificate } from './testing';
import { createMeshServer } from '@giftmesh/mesh-server';
import { service } from '@giftmesh/mesh-context';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const HOUR_MS = 3_600_000;
const authority = makeAuthority(Date.now());
const stranger = makeAuthority(Date.now());
const shopCertificate = authority.issueWorkload('shop');
afterEach(closeAll);

/** Credentials that nothing of ours has looked at. */
const showing = ({ certificate, privateKey }: IssuedCertificate, trusted = authority) =>
  credentials.createSsl(Buffer.from(trusted.certificate), Buffer.from(privateKey), Buffer.from(certificate), {
    checkServerIdentity: () => undefined,
  });

/** A client of ours that shows a certificate. */
async function clientOf(address: string, issued: IssuedCertificate, server = 'shop') {
  const { files } = await openFiles(issued, authority.certificate);
  const transport = grpcTransport({ address, ...channelSecurity(files, { server }) });
  atEnd(() => transport.close());
  return { client: createClient(shop, transport), transport };
}
const refusal = (call: Promise<unknown>): Promise<StatusError> =>
  call.then(
    () => Promise.reject(new Error('was answered')),
    (error: unknown) => error as StatusError,
  );

describe('mTLS', () => {
  it('lets in who is named for the method, calls and streams alike, without a word on stderr', async () => {
    const warnings: Error[] = [];
    const listener = (warning: Error): void => void warnings.push(warning);
    process.on('warning', listener);
    atEnd(() => process.off('warning', listener));
    const { address, policy } = await startShop(shopCertificate, authority);
    const { client } = await clientOf(address, authority.issueWorkload('front'));
    expect(await client.buy({ text: 'hi' })).toMatchObject({ text: 'hi' });
    for await (const { text } of client.watch({ text: '' })) if (text === '2') break;
    expect(policy.state()).toEqual({ unidentified: 0, forbidden: 0 });
    expect(warnings).toEqual([]);
  });

  it.each<[string, () => ReturnType<typeof showing>]>([
    ['without TLS', () => credentials.createInsecure()],
    [
      'without a certificate',
      () =>
        credentials.createSsl(Buffer.from(authority.certificate), null, null, { checkServerIdentity: () => undefined }),
    ],
    ['with a certificate of another authority', () => showing(stranger.issueWorkload('front'))],
    ['with one that has expired', () => showing(authority.issueWorkload('front', { notAfterMs: Date.now() - 1_000 }))],
    [
      'with one that is not valid yet',
      () => showing(authority.issueWorkload('front', { notBeforeMs: Date.now() + HOUR_MS / 2 })),
    ],
    ['that does not trust the authority of the server', () => showing(authority.issueWorkload('front'), stranger)],
  ])('does not take a caller %s', async (_what, made) => {
    const { address, policy } = await startShop(shopCertificate, authority);
    expect(((await callOnce(address, made())) as ServiceError).code).toBe(status.UNAVAILABLE);
    // The server was not in the way: the same call with the right certificate is answered.
    expect(await callOnce(address, showing(authority.issueWorkload('front')))).toBe('OK');
    expect(policy.state()).toEqual({ unidentified: 0, forbidden: 0 });
  });

  it('refuses who is known and not named, with PERMISSION_DENIED and the name', async () => {
    const { address, policy } = await startShop(shopCertificate, authority);
    const back = await clientOf(address, authority.issueWorkload('back'));
    expect(await refusal(back.client.buy({ text: '' }))).toMatchObject({
      code: status.PERMISSION_DENIED,
      reason: 'CALLER_NOT_ALLOWED',
      message: 'back may not call /shop.v1.Shop/Buy',
      metadata: { caller: 'back' },
    });
    const read = async () => {
      for await (const answer of back.client.watch({ text: '' })) throw new Error(`got ${answer.text}`);
    };
    expect(await refusal(read())).toMatchObject({ reason: 'CALLER_NOT_ALLOWED' });
    expect(policy.state()).toEqual({ unidentified: 0, forbidden: 2 });
  });

  it('does not take a service account of another namespace for a neighbour, nor anybody where nobody is named', async () => {
    const { address } = await startShop(shopCertificate, authority);
    const far = await clientOf(address, authority.issueWorkload('front', { namespace: 'far' }), SHOP_ID);
    expect(await refusal(far.client.buy({ text: '' }))).toMatchObject({
      reason: 'CALLER_NOT_ALLOWED',
      metadata: { caller: 'spiffe://giftmesh.test/ns/far/sa/front' },
    });
    const front = await clientOf(address, authority.issueWorkload('front'));
    expect(await refusal(front.client.audit({ text: '' }))).toMatchObject({ code: status.PERMISSION_DENIED });
    const billing = await clientOf(address, authority.issue({ dns: ['billing.example.com'] }), SHOP_ID);
    expect(await billing.client.buy({ text: 'a bill' })).toMatchObject({ text: 'a bill' });
  });

  it('does not know a certificate that names nobody', async () => {
    const { address, policy } = await startShop(shopCertificate, authority);
    const error = (await callOnce(address, showing(authority.issue({ ips: ['127.0.0.1'] })))) as ServiceError;
    expect(error.code).toBe(status.UNAUTHENTICATED);
    expect(policy.state()).toEqual({ unidentified: 1, forbidden: 0 });
  });

  it('shows its health to everybody who has a certificate', async () => {
    const { address } = await startShop(shopCertificate, authority);
    const { transport } = await clientOf(address, authority.issueWorkload('back'));
    expect(await remoteHealth(transport, 'shop.v1.Shop')()).toBeUndefined();
    const health = '/grpc.health.v1.Health/Check';
    expect(await callOnce(address, showing(authority.issueWorkload('back')), health)).toBe('OK');
    expect(((await callOnce(address, credentials.createInsecure(), health)) as ServiceError).code).toBe(14);
  });

  it('does not talk to a server that is somebody else', async () => {
    const { address } = await startShop(authority.issueWorkload('thief'), authority);
    const { client } = await clientOf(address, authority.issueWorkload('front'));
    const error = await refusal(client.buy({ text: '' }));
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(error.message).toContain('the server must be shop, and shows thief');
    const named = await startShop(authority.issue({ dns: ['localhost'] }), authority);
    const { files } = await openFiles(authority.issue({ dns: ['front'] }), authority.certificate);
    const port = named.address.split(':')[1];
    for (const [host, isRight] of [
      ['localhost', true],
      ['127.0.0.1', false],
    ] as const) {
      const transport = grpcTransport({ address: `${host}:${port}`, ...channelSecurity(files) });
      atEnd(() => transport.close());
      const { code } = await refusal(createClient(shop, transport).audit({ text: '' }));
      expect(code).toBe(isRight ? status.PERMISSION_DENIED : status.UNAVAILABLE);
    }
  });

  it('gives no session that could be resumed without a look at the certificate', async () => {
    const { port } = await startShop(shopCertificate, authority);
    const front = authority.issueWorkload('front');
    const first = await connectTls(port, front, authority);
    const sessions: Buffer[] = [];
    first.on('session', (session) => sessions.push(session));
    expect(await callOnce(`127.0.0.1:${port}`, showing(front))).toBe('OK');
    const second = await connectTls(port, front, authority, sessions[0] ?? first.getSession());
    expect(second.isSessionReused()).toBe(false);
  });

  it('without TLS there are no callers, but those within the process', async () => {
    const policy = authorizationPolicy({ own: () => ({ kind: 'dns', names: ['shop'] }) });
    const buy = ({ text }: { readonly text: string }) => ({ text });
    const server = createMeshServer({
      services: [service({ buy: shop.buy }, { buy })],
      errorDomain: 'shop.test',
      policies: [policy],
    });
    atEnd(() => server.close());
    const transport = grpcTransport({ address: `127.0.0.1:${await server.listen('127.0.0.1:0')}` });
    atEnd(() => transport.close());
    expect(await refusal(createClient(shop, transport).buy({ text: '' }))).toMatchObject({
      code: status.UNAUTHENTICATED,
      reason: 'CALLER_UNIDENTIFIED',
    });
    const method = server.host.method(shop.buy.path);
    if (method === undefined) throw new Error('not served');
    const context = server.host.open(method, {});
    expect(await server.host.call(method, context, () => ({ text: 'own' }))).toMatchObject({ text: 'own' });
  });
});

const SHOP_ID = 'spiffe://giftmesh.test/ns/giftmesh/sa/shop';

import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { StatusError } from '@giftmesh/kernel-errors';
import { service } from '@giftmesh/mesh-context';
import { createClient, grpcTransport, type Transport } from '@giftmesh/mesh-client';
import { createMeshServer, type MeshServer } from '@giftmesh/mesh-server';
import { compileEcho, echoHandlers } from '@giftmesh/mesh-server/testing';
import { clientRateLimitPolicy, metadataKey, rateLimitPolicy, type RateLimitRule } from './index';

const echo = compileEcho();
const HOUR_MS = 3_600_000;
const users: RateLimitRule = {
  name: 'users',
  limit: { algorithm: 'sliding-log', permits: 2, windowMs: HOUR_MS },
  by: ['user', 'method'],
};

describe('rate limits over gRPC', () => {
  let server: MeshServer;
  let port: number;
  let transport: Transport;
  const policy = rateLimitPolicy({ rules: [users], keys: { user: metadataKey('x-user') } });
  beforeAll(async () => {
    server = createMeshServer({
      services: [service(echo.definition, echoHandlers)],
      descriptors: echo.descriptors,
      policyExtension: echo.policyExtension,
      errorDomain: 'echo.test',
      policies: [policy],
    });
    port = await server.listen('127.0.0.1:0');
    transport = grpcTransport({ address: `127.0.0.1:${port}` });
  });
  afterAll(async () => {
    transport.close();
    await server.close();
  });
  const say = { text: 'hi' };
  const outcome = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => 'answered',
      (error: unknown) => (error as StatusError).reason,
    );

  it('tell our clients when to come back', async () => {
    const client = createClient(echo.definition, transport);
    const metadata = { 'x-user': 'ann' };
    const calls = [1, 2, 3].map(() => outcome(client.say(say, { metadata })));
    expect((await Promise.all(calls)).sort()).toEqual(['RATE_LIMITED', 'answered', 'answered']);
    const error = (await client.say(say, { metadata }).catch((thrown: unknown) => thrown)) as StatusError;
    expect(error).toMatchObject({ code: 8, reason: 'RATE_LIMITED', metadata: { limit: 'users' } });
    expect(error.retryDelayMs).toBeGreaterThan(HOUR_MS - 60_000);
    expect(await outcome(client.say(say, { metadata: { 'x-user': 'bob' } }))).toBe('answered');
  });

  it('hold for streams', async () => {
    const client = createClient(echo.definition, transport);
    const read = async (): Promise<void> => {
      const stream = client.repeat({ ...say, times: 1 }, { metadata: { 'x-user': 'cid' } });
      for await (const answer of stream) expect(answer.text).toBe('hi');
    };
    const outcomes = [];
    for (let index = 0; index < 3; index += 1) outcomes.push(await outcome(read()));
    expect(outcomes).toEqual(['answered', 'answered', 'RATE_LIMITED']);
  });

  it('speak to plain clients by the pushback trailer, and let no user make up a key', async () => {
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const { path, requestSerialize, responseDeserialize } = echo.definition.say;
    const call = (user: string): Promise<ServiceError | undefined> =>
      new Promise((resolve) => {
        const metadata = new Metadata();
        metadata.set('x-user', user);
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, say, metadata, (error) =>
          resolve(error ?? undefined),
        );
      });
    expect([await call('dee'), await call('dee')]).toEqual([undefined, undefined]);
    const error = await call('dee');
    const [pushback] = error?.metadata.get('grpc-retry-pushback-ms') ?? [];
    expect([error?.code, Number(pushback) > HOUR_MS - 60_000]).toEqual([8, true]);
    // Too long for a key: all such calls share one limit.
    const forged = [];
    for (let index = 0; index < 3; index += 1) forged.push((await call(`${'x'.repeat(5_000)}${index}`))?.code);
    expect(forged).toEqual([undefined, undefined, 8]);
    client.close();
  });

  it('keep a client from making calls beyond its quota', async () => {
    const quota = clientRateLimitPolicy({
      rules: [{ name: 'quota', limit: { algorithm: 'token-bucket', permits: 1, windowMs: HOUR_MS } }],
    });
    const client = createClient(echo.definition, transport, { policies: [quota] });
    const before = policy.state()['users.allowed'] as number;
    expect(await outcome(client.say(say, { metadata: { 'x-user': 'eve' } }))).toBe('answered');
    expect(await outcome(client.say(say, { metadata: { 'x-user': 'eve' } }))).toBe('RATE_LIMITED');
    expect(policy.state()['users.allowed']).toBe(before + 1);
  });
});

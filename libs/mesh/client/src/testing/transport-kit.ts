import { setTimeout as delay } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import type { StatusError } from '@giftmesh/kernel-errors';
import { service, type Handlers, type ServerPolicy } from '@giftmesh/mesh-context';
import { createMeshServer, type MeshServer } from '@giftmesh/mesh-server';
import { compileEcho, echoHandlers, type EchoDefinition, type SayRequest } from '@giftmesh/mesh-server/testing';
import { createClient, type ClientOptions, type MeshClient } from '../client';
import { grpcTransport } from '../grpc/grpc-transport';
import { inProcessTransport } from '../in-process/in-process-transport';
import { messagePortTransport } from '../message-port/message-port-transport';
import { serveMessagePort } from '../message-port/serve-message-port';
import type { Transport } from '../transport';

/** The service of the tests. */
export const echo = compileEcho();
const closers: (() => unknown)[] = [];

/** A client and what it calls. */
export interface Started {
  readonly client: MeshClient<EchoDefinition>;
  readonly transport: Transport;
  readonly server: MeshServer;
  readonly internal: unknown[];
}

/** What a test wants to be different. */
export interface TransportKitOptions {
  readonly handlers?: Partial<Handlers<EchoDefinition>>;
  readonly serverPolicies?: readonly ServerPolicy[];
  readonly client?: ClientOptions;
}

async function connect(server: MeshServer, kind: string): Promise<Transport> {
  if (kind === 'in process') return inProcessTransport(server.host);
  if (kind === 'grpc') return grpcTransport({ address: `127.0.0.1:${await server.listen('127.0.0.1:0')}` });
  const { port1, port2 } = new MessageChannel();
  closers.push(serveMessagePort(port1, server.host, { errorDomain: 'echo.test' }));
  return messagePortTransport(port2);
}

/** Starts the echo service behind a transport of the kind; `closeAll` ends it. */
export async function start(kind: string, options: TransportKitOptions = {}): Promise<Started> {
  const internal: unknown[] = [];
  const server = createMeshServer({
    services: [service(echo.definition, { ...echoHandlers, ...options.handlers })],
    descriptors: echo.descriptors,
    policyExtension: echo.policyExtension,
    errorDomain: 'echo.test',
    onInternalError: (thrown) => internal.push(thrown),
    ...(options.serverPolicies === undefined ? {} : { policies: options.serverPolicies }),
  });
  const transport = await connect(server, kind);
  closers.push(
    () => transport.close(),
    () => server.close(),
  );
  return { client: createClient(echo.definition, transport, options.client), transport, server, internal };
}

/** So many requests. */
export async function* texts(count: number): AsyncIterable<SayRequest> {
  for (let index = 0; index < count; index += 1) yield { text: String(index) };
}

/** All that a stream brings. */
export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of stream) values.push(value);
  return values;
}

/** Waits for what must come, asking often. Rejects after 10 s: a test's own limit would leave it asking for ever. */
export async function until(condition: () => boolean): Promise<void> {
  for (let waits = 0; !condition(); waits += 1) {
    if (waits > 2_000) throw new Error(`never came: ${String(condition)}`);
    await delay(5);
  }
}

/** What a call fails with. */
export const failureOf = (promise: Promise<unknown>): Promise<StatusError> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as StatusError,
  );

/** The transports that must behave alike. */
export const TRANSPORTS = ['grpc', 'in process', 'message port'];

/** Ends what the test started. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

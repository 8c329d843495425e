import { setTimeout as delay } from 'node:timers/promises';
import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { service, type Handlers } from '@giftmesh/mesh-context';
import { fromGrpcError } from '@giftmesh/mesh-errors';
import { createMeshServer, type MeshServer, type MeshServerOptions } from '../mesh-server';
import { compileEcho, type EchoDefinition, type SayResponse } from './echo';
import { echoHandlers } from './echo-handlers';
import { plainClient, plainEcho, type PlainClient } from './plain-client';

const echo = compileEcho();
const PlainEcho = plainEcho();
/** What servers reported as internal since the test began. */
export const internal: unknown[] = [];
const opened: { server: MeshServer; client: PlainClient }[] = [];

/** Starts a server of the echo service on a free port, and a plain client of it; `closeAll` ends both. */
export async function start(
  handlers: Partial<Handlers<EchoDefinition>> = {},
  options: Partial<MeshServerOptions> = {},
) {
  const server = createMeshServer({
    services: [service(echo.definition, { ...echoHandlers, ...handlers })],
    descriptors: echo.descriptors,
    policyExtension: echo.policyExtension,
    errorDomain: 'echo.test',
    onInternalError: (thrown) => internal.push(thrown),
    ...options,
  });
  const port = await server.listen('127.0.0.1:0');
  const client = plainClient(PlainEcho, port);
  opened.push({ server, client });
  return { server, client, port };
}

/** Calls a unary method of a plain client. */
export function unary(client: PlainClient, method: string, request: unknown, ...rest: unknown[]): Promise<SayResponse> {
  return new Promise((resolve, reject) => {
    client[method](request, ...rest, (error: ServiceError | null, answer: SayResponse) =>
      error === null ? resolve(answer) : reject(fromGrpcError(error)),
    );
  });
}

/** All answers of a plain client's stream; fails with a StatusError that has those before it as `answers`. */
export async function collect(stream: ClientReadableStream<SayResponse>): Promise<SayResponse[]> {
  const answers: SayResponse[] = [];
  try {
    for await (const answer of stream) answers.push(answer as SayResponse);
  } catch (error) {
    throw Object.assign(fromGrpcError(error as ServiceError), { answers });
  }
  return answers;
}

/** Ends what the test started. */
export async function closeAll(): Promise<void> {
  internal.splice(0);
  for (const { server, client } of opened.splice(0)) {
    client.close();
    await server.close();
  }
}

/** Waits for what must come, asking often. Rejects after 10 s: a test's own limit would leave it asking for ever. */
export async function until(condition: () => boolean): Promise<void> {
  for (let waits = 0; !condition(); waits += 1) {
    if (waits > 2_000) throw new Error(`never came: ${String(condition)}`);
    await delay(5);
  }
}

/** Waits until a figure has not moved for a while. */
export async function stands(figure: () => number): Promise<void> {
  for (let last = -1; last !== figure();) {
    last = figure();
    await delay(100);
  }
}

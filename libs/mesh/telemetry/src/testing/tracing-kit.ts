import { setImmediate } from 'node:timers/promises';
import { context, type Tracer } from '@opentelemetry/api';
import {
  AlwaysOnSampler,
  TracerProvider,
  InMemorySpanExporter,
  ParentBasedSampler,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace';
import { seededRandom } from '@giftmesh/kernel-random';
import { createClient, grpcTransport, type MeshClient } from '@giftmesh/mesh-client';
import { service, type ClientPolicy, type Handlers, type ServerPolicy } from '@giftmesh/mesh-context';
import { methodPolicies } from '@giftmesh/mesh-policy';
import { createMeshServer, type MeshServer } from '@giftmesh/mesh-server';
import { compileEcho, echoHandlers, type EchoDefinition } from '@giftmesh/mesh-server/testing';
import { CallContextManager, TraceIds, TraceSampler, tracingClientPolicy, tracingServerPolicy } from '../index';

const echo = compileEcho();
const policies = methodPolicies(echo.descriptors, { extension: echo.policyExtension });
const closers: (() => unknown)[] = [];

/** The echo service's methods, as spans and metrics name them. */
export const ECHO = 'mesh.testing.v1.Echo';

/** A tracer whose spans are kept, and what policies need. The tracer records what it is asked to, and children as their parents. */
export function recorder(seed = 1) {
  const ids = new TraceIds(seededRandom(seed));
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    idGenerator: ids,
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  const tracer: Tracer = provider.getTracer('test');
  const spans = (): ReadableSpan[] => exporter.getFinishedSpans();
  return {
    ids,
    tracer,
    spans,
    /** The only span of a name that says which side it is. */
    span: (kind: number, name: string, traceId?: string): ReadableSpan => {
      const found = spans().filter(
        (span) =>
          span.kind === kind &&
          span.name === name &&
          (traceId ?? span.spanContext().traceId) === span.spanContext().traceId,
      );
      if (found.length !== 1) throw new Error(`${found.length} spans ${name} of kind ${kind}, not 1`);
      return found[0] as ReadableSpan;
    },
    tracing: (ratio: number, trustIncoming = true): { server: ServerPolicy; client: ClientPolicy } => {
      const sampler = new TraceSampler({ ratio });
      return {
        server: tracingServerPolicy({ tracer, ids, sampler, trustIncoming }),
        client: tracingClientPolicy({ tracer, ids, sampler }),
      };
    },
  };
}

/** Starts a server of the echo service; `closeAll` ends it. */
export async function serve(
  handlers: Partial<Handlers<EchoDefinition>>,
  ...policiesOfServer: ServerPolicy[]
): Promise<MeshServer> {
  const server = createMeshServer({
    services: [service(echo.definition, { ...echoHandlers, ...handlers })],
    descriptors: echo.descriptors,
    policyExtension: echo.policyExtension,
    errorDomain: 'echo.test',
    policies: policiesOfServer,
  });
  closers.push(() => server.close());
  await server.listen('127.0.0.1:0');
  return server;
}

/** A client of such a server; `closeAll` closes it. */
export function clientOf(server: MeshServer, ...policiesOfClient: ClientPolicy[]): MeshClient<EchoDefinition> {
  const transport = grpcTransport({ address: server.address ?? '' });
  closers.push(() => transport.close());
  return createClient(echo.definition, transport, { methodPolicies: policies, policies: policiesOfClient });
}

/** Makes the context manager OpenTelemetry's own until `closeAll`. */
export function manageContext(): void {
  context.setGlobalContextManager(new CallContextManager().enable());
  closers.push(() => context.disable());
}

/** Ends what the test started. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

/** Waits for what must come; the test's own limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate();
}

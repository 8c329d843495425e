import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { systemClock, type Clock } from '@giftmesh/kernel-time';
import type { ServerPolicy, Service } from '@giftmesh/mesh-context';
import { HealthRegistry, healthDescriptors, healthService } from '@giftmesh/mesh-health';
import { Drain, type Drainable, type DrainOutcome } from '@giftmesh/mesh-lifecycle';
import { methodPolicies, serviceName, type MethodDefinition } from '@giftmesh/mesh-policy';
import { reflectionServices } from '@giftmesh/mesh-reflection';
import { earlyRefusals } from './early-refusals';
import type { GrpcBridge } from './grpc-call';
import { clientStreamMethod, unaryMethod } from './grpc-single';
import { bidiMethod, serverStreamMethod } from './grpc-stream';
import { ListenError } from './listen-error';
import { grpcServerOptions, type ServerLimits } from './server-limits';
import { ServiceHost, type OnInternalCallError, type ServedMethod } from './service-host';

export interface MeshServerOptions {
  readonly services: readonly Service[];
  /**
   * Serialized FileDescriptorSet of the services and all they import: where method policies are read from, and what
   * reflection shows. Without it methods have no deadline of their own, and reflection describes nothing but itself.
   */
  readonly descriptors?: Uint8Array;
  /** Full name of the option that holds a method's policy; see `methodPolicies`. */
  readonly policyExtension?: string;
  /** `ErrorInfo.domain` of all errors: who owns the reasons. */
  readonly errorDomain: string;
  /** `ErrorInfo.metadata` of the refusal of a request that can't be read, a business code for instance. Default empty. */
  readonly malformedMetadata?: Readonly<Record<string, string>>;
  /** Default the process's real time. */
  readonly clock?: Clock;
  /** Default a new one. All services are registered with it. */
  readonly health?: HealthRegistry;
  readonly limits?: ServerLimits;
  /** Around every call of `services` (health and reflection have none), the first is the outermost. */
  readonly policies?: readonly ServerPolicy[];
  /** Told of everything that was answered with INTERNAL. Default: nobody is told, which is not for production. */
  readonly onInternalError?: OnInternalCallError;
  /** See `ServiceHostOptions`. */
  readonly queueingMsMax?: number;
  /** Default without TLS. */
  readonly credentials?: ServerCredentials;
  /** See `DrainOptions`. */
  readonly propagationDelayMs?: number;
  /** See `DrainOptions`. */
  readonly streamGraceMs?: number;
}

/** A gRPC server with health, reflection, deadlines, policies and a graceful end. */
export interface MeshServer {
  /**
   * Listens on `host:port`, port 0 for any free one, and resolves with the port. May be called for several addresses.
   * Rejects with ListenError.
   */
  listen(address: string): Promise<number>;
  /** The address of the last `listen`, with the port that it got; undefined before. */
  readonly address: string | undefined;
  readonly health: HealthRegistry;
  /** The way to the same services, with the same policies, for in-process transports. */
  readonly host: ServiceHost;
  /** Ends the server within `limitMs` milliseconds (default 10,000); further calls join the first. Never rejects. */
  drain(limitMs?: number): Promise<DrainOutcome>;
  /** Cuts everything off now. */
  close(): Promise<DrainOutcome>;
}

/** Throws TypeError or RangeError for services and options that cannot work, before anything listens. */
export function createMeshServer(options: MeshServerOptions): MeshServer {
  const clock = options.clock ?? systemClock;
  const health = options.health ?? new HealthRegistry();
  const onInternalError = options.onInternalError ?? (() => undefined);
  const descriptors = options.descriptors === undefined ? [] : [options.descriptors];
  const extension = options.policyExtension === undefined ? {} : { extension: options.policyExtension };
  const host = new ServiceHost({
    services: options.services,
    clock,
    ...(options.descriptors === undefined ? {} : { methodPolicies: methodPolicies(options.descriptors, extension) }),
    ...(options.policies === undefined ? {} : { policies: options.policies }),
    ...(options.queueingMsMax === undefined ? {} : { queueingMsMax: options.queueingMsMax }),
    onInternalError,
  });
  const served: string[] = [];
  const ownServices = [
    healthService(health),
    ...reflectionServices({ descriptors: [...descriptors, healthDescriptors()], services: () => served }),
  ];
  const ownHost = new ServiceHost({ services: ownServices, clock, onInternalError });

  const early = earlyRefusals(host, options.policies ?? [], { errorDomain: options.errorDomain, onInternalError });
  const server = new Server({
    ...grpcServerOptions(options.limits ?? {}),
    ...(early === undefined ? {} : { interceptors: [early] }),
  });
  const add = (own: ServiceHost, services: readonly Service[]): void => {
    const bridge: GrpcBridge = {
      host: own,
      errorDomain: options.errorDomain,
      malformedMetadata: options.malformedMetadata ?? {},
      onInternalError,
    };
    for (const { definition } of services) {
      addService(server, bridge, Object.values(definition));
      served.push(serviceName(definition));
    }
  };
  add(host, options.services);
  add(ownHost, ownServices);
  for (const { definition } of options.services) health.register(serviceName(definition));

  const addresses = new Set<string>();
  let drain: Drain | undefined;
  const startDrain = (limitMs?: number): Drain => {
    drain ??= new Drain(drainable(server, addresses, health, [host, ownHost]), {
      clock,
      ...(limitMs === undefined ? {} : { limitMs }),
      ...(options.propagationDelayMs === undefined ? {} : { propagationDelayMs: options.propagationDelayMs }),
      ...(options.streamGraceMs === undefined ? {} : { streamGraceMs: options.streamGraceMs }),
    });
    return drain;
  };
  return {
    get address() {
      return [...addresses].at(-1);
    },
    health,
    host,
    async listen(address) {
      const port = await bind(server, address, options.credentials ?? ServerCredentials.createInsecure());
      addresses.add(`${address.slice(0, address.lastIndexOf(':'))}:${port}`);
      return port;
    },
    drain: (limitMs) => startDrain(limitMs).run(),
    close: () => startDrain().force(),
  };
}

function addService(server: Server, bridge: GrpcBridge, methods: readonly MethodDefinition[]): void {
  const implementation: UntypedServiceImplementation = {};
  for (const { path } of methods) {
    const method = bridge.host.method(path) as ServedMethod;
    implementation[path] = implementationOf(bridge, method);
  }
  // Bytes go in and out: decoding is done inside the policies, so that a refused call costs none, and encoding where
  // its failures are seen.
  const raw: Record<string, MethodDefinition<Buffer, Buffer>> = {};
  for (const method of methods) {
    raw[method.path] = { ...method, requestDeserialize: (bytes) => bytes, responseSerialize: (bytes) => bytes };
  }
  server.addService(raw, implementation);
}

function implementationOf(bridge: GrpcBridge, method: ServedMethod): UntypedServiceImplementation[string] {
  const { requestStream, responseStream } = method.definition;
  if (requestStream) return responseStream ? bidiMethod(bridge, method) : clientStreamMethod(bridge, method);
  return responseStream ? serverStreamMethod(bridge, method) : unaryMethod(bridge, method);
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(new ListenError(address, error));
    });
  });
}

/**
 * grpc-js has a trap for each step. `tryShutdown` waits for ever on an open stream, a health Watch for one.
 * `forceShutdown` closes no connection when channelz is off, so `drain` must do that, and it must come first: it leaves
 * alone what is already closing.
 */
function drainable(
  server: Server,
  addresses: ReadonlySet<string>,
  health: HealthRegistry,
  hosts: readonly ServiceHost[],
): Drainable {
  const cutConnections = (afterMs: number): void => {
    for (const address of addresses) server.drain(address, afterMs);
  };
  const endStreams = (): void => {
    for (const host of hosts) host.endStreams();
  };
  return {
    stopServing: () => health.stopServing(),
    announceDrain: () => {
      health.endWatches();
      for (const host of hosts) host.announceDrain();
    },
    endStreams,
    closeGracefully: (withinMs) =>
      new Promise<void>((resolve, reject) => {
        cutConnections(withinMs);
        server.tryShutdown((error) => (error ? reject(error) : resolve()));
      }),
    closeNow: () => {
      health.endWatches();
      endStreams();
      cutConnections(0);
      server.forceShutdown();
    },
  };
}

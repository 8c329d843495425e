import { ConfigError } from '@giftmesh/kernel-config';
import { systemClock, type Clock } from '@giftmesh/kernel-time';
import { Mesh } from '@giftmesh/mesh-stack';
import { CallContextManager, exposition, MetricsRegistry, TraceIds } from '@giftmesh/mesh-telemetry';
import { followBehaviourFile } from './behaviour-file';
import { processMetrics } from './process-metrics';
import { secureRandom } from './secure-random';
import { startTelemetry, type Telemetry } from './start-telemetry';

/** Where a process tells what happens to it; pino's loggers fit. */
export interface ProcessLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ProcessMeshOptions {
  /** `service.name` of all that is exported. */
  readonly serviceName: string;
  /** What its services can do without under load. Default nothing. */
  readonly features?: readonly string[];
  /** A JSON file with its behaviour, looked at for edits while it runs. Default none: the defaults of all libraries. */
  readonly behaviourFile?: string | undefined;
  /** `host:port` of `/metrics`, `/state` and `/healthz`. Default none. */
  readonly adminAddress?: string | undefined;
  /** Base of a collector's OTLP over HTTP. Default none: nothing is recorded. */
  readonly otlpEndpoint?: string | undefined;
  /** What `/healthz` says. Default: that the process answers is enough. */
  readonly healthy?: () => boolean;
  readonly log: ProcessLog;
  readonly clock?: Clock;
}

/** A process's mesh, and its windows to the outside. */
export interface ProcessMesh {
  readonly mesh: Mesh;
  /** Exports traces and metrics, where that was asked for. */
  readonly telemetry: Telemetry;
  /** What is shown at `/metrics` and exported; a process may add its own. */
  readonly metrics: MetricsRegistry;
  /** Closes channels and windows, within `limitMs` milliseconds (default 3,000). Never rejects. */
  stop(limitMs?: number): Promise<void>;
}

/**
 * Starts the mesh of a process with all that people see and steer it by. Rejects with ConfigError when the behaviour file or an
 * address can't be used, and with the system's error when the admin address can't be listened on.
 */
export async function startProcessMesh(options: ProcessMeshOptions): Promise<ProcessMesh> {
  const { log, clock = systemClock } = options;
  const random = secureRandom();
  const metrics = new MetricsRegistry();
  processMetrics(metrics);
  const traceIds = new TraceIds(random);
  // The state is asked for when the mesh is there.
  const known: { mesh?: Mesh } = {};
  const telemetry = await startTelemetry({
    serviceName: options.serviceName,
    otlpEndpoint: options.otlpEndpoint,
    metrics,
    idGenerator: traceIds,
    contextManager: new CallContextManager(),
    endpoint:
      options.adminAddress === undefined
        ? undefined
        : {
            address: options.adminAddress,
            metrics: (accept) => exposition(metrics, accept),
            state: () => known.mesh?.state,
            ...(options.healthy === undefined ? {} : { healthy: options.healthy }),
            onError: (error) => log.error({ err: error }, 'a page of the admin endpoint failed'),
          },
    onProblem: (message) => log.error({ problem: message }, 'telemetry could not be exported'),
  }).catch((error: unknown): never => {
    // An address that is none is for people to put right; one that is taken says so itself.
    if (error instanceof RangeError || error instanceof TypeError) throw new ConfigError([error.message]);
    throw error;
  });
  const made = new Mesh({
    clock,
    random,
    metrics,
    traceIds,
    tracer: telemetry.tracer,
    ...(options.features === undefined ? {} : { features: options.features }),
  });
  known.mesh = made;
  let stopFollowing = (): void => undefined;
  if (options.behaviourFile !== undefined) {
    try {
      stopFollowing = await followBehaviourFile({
        path: options.behaviourFile,
        clock,
        apply: (behaviour) => made.configure(behaviour),
        onChange: () => log.info({ file: options.behaviourFile }, 'the behaviour was changed'),
        onProblem: (problem) => log.error({ problem }, 'the behaviour stays as it was'),
      });
    } catch (error) {
      made.close();
      await telemetry.shutdown();
      throw error;
    }
  }
  return {
    mesh: made,
    telemetry,
    metrics,
    stop: async (limitMs) => {
      stopFollowing();
      made.close();
      await telemetry.shutdown(limitMs);
    },
  };
}

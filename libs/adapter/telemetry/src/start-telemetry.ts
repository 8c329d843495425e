import { context, diag, metrics, propagation, trace, type ContextManager, type Tracer } from '@opentelemetry/api';
import type { IdGenerator } from '@opentelemetry/sdk-trace';
import type { MetricsSource } from './metrics-source';
import { startMetricsServer, type MetricsServer, type MetricsServerOptions } from './metrics-server';
import { startOtlp, type Otlp } from './otlp';

export interface TelemetryOptions {
  /** `service.name` of all that is exported. */
  readonly serviceName: string;
  /** Further attributes of the process: `service.version`, `service.instance.id`, `deployment.environment.name`. Default none. */
  readonly attributes?: Readonly<Record<string, string>>;
  /**
   * Base of a collector's OTLP over HTTP (`http://127.0.0.1:4318`). Default none: then nothing of the SDK is loaded, there is no
   * tracer, and the policies, given none, make no span.
   */
  readonly otlpEndpoint?: string | undefined;
  /** Exported to the collector too. Default none. */
  readonly metrics?: MetricsSource;
  /** Between exports of metrics, milliseconds; at least 100. Default 30,000. */
  readonly metricsIntervalMs?: number;
  /** Makes ids; mesh-telemetry's `TraceIds`, the same that its policies have. Default the SDK's. */
  readonly idGenerator?: IdGenerator;
  /** mesh-telemetry's `CallContextManager`. Default the SDK's, which knows nothing of calls. */
  readonly contextManager?: ContextManager;
  /** Where metrics and health are served over HTTP. Default nowhere. */
  readonly endpoint?: MetricsServerOptions | undefined;
  /** Told in words when exporting fails. Default: nobody is told. */
  readonly onProblem?: (message: string) => void;
}

/** What runs. */
export interface Telemetry {
  /** For the tracing policies; undefined when nothing is exported. */
  readonly tracer: Tracer | undefined;
  /** Where metrics are served, `host:port`; undefined when they are not. */
  readonly metricsAddress: string | undefined;
  /**
   * Sends what waits and ends, within `limitMs` milliseconds (default 3,000); true when all was sent. Never rejects. Further calls
   * join the first.
   */
  shutdown(limitMs?: number): Promise<boolean>;
}

/**
 * Starts what exports a process's traces and metrics. How many calls are recorded is not said here but to the policies
 * (`TraceSampler`), which decide before there is anything to export.
 *
 * Throws RangeError or TypeError for options that can't be; rejects when the endpoint can't listen.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { serviceName, attributes = {}, otlpEndpoint, metricsIntervalMs = 30_000, onProblem = ignore } = options;
  if (serviceName === '') throw new TypeError('serviceName must not be empty');
  if (!(metricsIntervalMs >= 100 && metricsIntervalMs < 2 ** 31)) {
    throw new RangeError(`metricsIntervalMs must be at least 100, got ${metricsIntervalMs}`);
  }
  const endpoint = otlpEndpoint === undefined ? undefined : collectorUrl(otlpEndpoint);
  const server = options.endpoint === undefined ? undefined : await startMetricsServer(options.endpoint);
  let otlp: Otlp | undefined;
  try {
    if (endpoint !== undefined) {
      otlp = await startOtlp({
        endpoint,
        attributes: { ...attributes, 'service.name': serviceName },
        metrics: options.metrics,
        metricsIntervalMs,
        idGenerator: options.idGenerator,
        contextManager: options.contextManager,
        onProblem,
      });
    }
  } catch (error) {
    await server?.close(0);
    throw error;
  }
  let ending: Promise<boolean> | undefined;
  return {
    tracer: otlp?.tracer,
    metricsAddress: server?.address,
    shutdown: (limitMs = 3_000) => (ending ??= end(otlp, server, limitMs, onProblem)),
  };
}

function ignore(): void {}

/** Without the slash at its end. */
function collectorUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new TypeError(`otlpEndpoint must be a http(s) URL, got ${JSON.stringify(text)}`);
  }
  return url.href.replace(/\/$/, '');
}

async function end(
  otlp: Otlp | undefined,
  server: MetricsServer | undefined,
  limitMs: number,
  onProblem: (message: string) => void,
): Promise<boolean> {
  let cancel: () => void = () => undefined;
  const late = new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), limitMs);
    cancel = () => clearTimeout(timer);
  });
  const sent = Promise.all([otlp?.shutdown(), server?.close(limitMs)]).then(
    () => true,
    (error: unknown) => {
      onProblem(error instanceof Error ? error.message : String(error));
      return false;
    },
  );
  const isSent = await Promise.race([sent, late]);
  cancel();
  if (otlp !== undefined) {
    // What the SDK registered; a process that starts telemetry again gets its own.
    for (const api of [trace, metrics, context, propagation, diag]) api.disable();
  }
  return isSent;
}

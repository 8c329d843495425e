import { diag, trace, type ContextManager, type DiagLogger, type Tracer } from '@opentelemetry/api';
import type { NodeSDK } from '@opentelemetry/sdk-node';
import type { IdGenerator } from '@opentelemetry/sdk-trace';
import { metricProducer } from './metric-producer';
import type { MetricsSource } from './metrics-source';

export interface OtlpOptions {
  /** Base of the collector's OTLP over HTTP: `http://127.0.0.1:4318`. Traces go to `/v1/traces` there, metrics to `/v1/metrics`. */
  readonly endpoint: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly metrics: MetricsSource | undefined;
  readonly metricsIntervalMs: number;
  readonly idGenerator: IdGenerator | undefined;
  readonly contextManager: ContextManager | undefined;
  readonly onProblem: (message: string) => void;
}

/** The most spans that wait for export; what comes then is dropped, never a call delayed. */
export const SPANS_WAITING_MAX = 2_048;
/** The most spans of one export. */
export const SPANS_PER_EXPORT_MAX = 512;
/** The longest that an export may take, milliseconds. */
export const EXPORT_MS_MAX = 10_000;
/** How long spans gather before they are exported, milliseconds. */
const SPANS_GATHER_MS = 1_000;

/** A running SDK. */
export interface Otlp {
  readonly tracer: Tracer;
  /** Sends what waits, and ends. Rejects when that fails. */
  shutdown(): Promise<void>;
}

/**
 * Loads and starts the OpenTelemetry SDK: half a second at the first time, so only for processes that export. Registers it with
 * OpenTelemetry's API; instruments nothing, patches nothing, detects nothing.
 */
export async function startOtlp(options: OtlpOptions): Promise<Otlp> {
  const [sdkNode, sdkTrace, sdkMetrics, resources, traceExporter, metricExporter] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/sdk-metrics'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-proto'),
    import('@opentelemetry/exporter-metrics-otlp-proto'),
  ]);
  diag.setLogger(diagLogger(options.onProblem), { suppressOverrideMessage: true });
  const resource = resources.defaultResource().merge(resources.resourceFromAttributes({ ...options.attributes }));
  const exporterOptions = { timeoutMillis: EXPORT_MS_MAX, concurrencyLimit: 4 };
  const spanProcessor = new sdkTrace.BatchSpanProcessor({
    exporter: new traceExporter.OTLPTraceExporter({ ...exporterOptions, url: `${options.endpoint}/v1/traces` }),
    maxQueueSize: SPANS_WAITING_MAX,
    maxExportBatchSize: SPANS_PER_EXPORT_MAX,
    scheduledDelayMillis: SPANS_GATHER_MS,
    exportTimeoutMillis: EXPORT_MS_MAX,
  });
  const metricReaders =
    options.metrics === undefined
      ? []
      : [
          new sdkMetrics.PeriodicExportingMetricReader({
            exporter: new metricExporter.OTLPMetricExporter({
              ...exporterOptions,
              url: `${options.endpoint}/v1/metrics`,
            }),
            exportIntervalMillis: options.metricsIntervalMs,
            exportTimeoutMillis: Math.min(EXPORT_MS_MAX, options.metricsIntervalMs),
            metricProducers: [
              metricProducer({ sdk: sdkMetrics, source: options.metrics, resource, nowMs: () => Date.now() }),
            ],
          }),
        ];
  const sdk: NodeSDK = new sdkNode.NodeSDK({
    autoDetectResources: false,
    resource,
    instrumentations: [],
    // Headers are read and written by the mesh's policies.
    textMapPropagator: null,
    // Who makes a span of a call has decided that it is recorded (mesh-telemetry's TraceSampler), and so has who makes one by hand
    // outside of calls; what is inside of a call that is not recorded isn't either.
    sampler: new sdkTrace.ParentBasedSampler({ root: new sdkTrace.AlwaysOnSampler() }),
    spanProcessors: [spanProcessor],
    metricReaders,
    logRecordProcessors: [],
    ...(options.idGenerator === undefined ? {} : { idGenerator: options.idGenerator }),
    ...(options.contextManager === undefined ? {} : { contextManager: options.contextManager }),
  });
  sdk.start();
  return { tracer: trace.getTracer('giftmesh'), shutdown: () => sdk.shutdown() };
}

/** Problems of the SDK (a collector that is away) as lines of the process's own log; its chatter is dropped. */
function diagLogger(onProblem: (message: string) => void): DiagLogger {
  const drop = (): void => undefined;
  return { error: onProblem, warn: onProblem, info: drop, debug: drop, verbose: drop };
}

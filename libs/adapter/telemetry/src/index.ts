export {
  CONNECTIONS_MAX,
  HEADER_BYTES_MAX,
  REQUEST_MS_MAX,
  startMetricsServer,
  type MetricsServer,
  type MetricsServerOptions,
} from './metrics-server';
export type { MetricsSource, SourceFamily, SourcePoint } from './metrics-source';
export { EXPORT_MS_MAX, SPANS_PER_EXPORT_MAX, SPANS_WAITING_MAX } from './otlp';
export { secureRandom } from './secure-random';
export { startTelemetry, type Telemetry, type TelemetryOptions } from './start-telemetry';
export { BEHAVIOUR_BYTES_MAX, followBehaviourFile, type BehaviourFileOptions } from './behaviour-file';
export { startProcessMesh, type ProcessLog, type ProcessMesh, type ProcessMeshOptions } from './process-mesh';
export { processMetrics } from './process-metrics';

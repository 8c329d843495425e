export {
  BATCH_LINKS_MAX,
  batchTracer,
  traceCarrier,
  type BatchTracer,
  type BatchTracerOptions,
  type Carrier,
} from './carrier';
export { CallContextManager } from './call-context-manager';
export { CallTrace, traceOf } from './call-trace';
export { Counter, DURATION_BOUNDS_S, exponentialBounds, Histogram } from './histogram';
export type { MetricType } from './metric-names';
export {
  MetricsRegistry,
  OTHER,
  SERIES_MAX,
  type MetricFamily,
  type MetricPoint,
  type MetricSpec,
  type Report,
  type Series,
} from './metrics-registry';
export { decisionCounter, policyStates, type Stateful } from './policy-metrics';
export {
  exposition,
  EXPOSITION_CONTENT_TYPES,
  expositionFormat,
  prometheusText,
  type ExpositionFormat,
} from './prometheus-text';
export { METHODS_MAX } from './red-metrics';
export { redClientPolicy, redServerPolicy, type CountedApart, type RedOptions } from './red-policies';
export { TraceSampler, type TraceSamplerOptions } from './sampling-decider';
export { TraceIds } from './trace-ids';
export { traceMixin, type TraceFields } from './trace-mixin';
export {
  formatTraceParent,
  parseTraceParent,
  SAMPLED_FLAG,
  TRACEPARENT_HEADER,
  TRACEPARENT_LENGTH_MAX,
  type TraceParent,
} from './trace-parent';
export type { TracingOptions } from './trace-roots';
export {
  formatTraceState,
  parseTraceState,
  TRACESTATE_HEADER,
  TRACESTATE_LENGTH_MAX,
  TRACESTATE_MEMBERS_MAX,
  type TraceStateMember,
} from './trace-state';
export { tracingAttemptPolicy, tracingClientPolicy } from './tracing-client-policy';
export { tracingServerPolicy, type TracingServerOptions } from './tracing-server-policy';

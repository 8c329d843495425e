// How OpenTelemetry's names are written in Prometheus (OpenTelemetry's "Prometheus and OpenMetrics Compatibility"): dots become
// underscores, the unit stands at the end, and counters end with _total.

const METRIC_NAME = /^[a-zA-Z][a-zA-Z0-9_]*(?:\.[a-zA-Z0-9_]+)*$/;
/** Names that Prometheus gives a meaning of its own. */
const RESERVED_LABELS: ReadonlySet<string> = new Set(['le', 'quantile']);

const UNITS: Readonly<Record<string, string>> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  By: 'bytes',
  '%': 'percent',
};

/** What a metric is, for those who read it. */
export type MetricType = 'counter' | 'gauge' | 'histogram';

/** `rpc.server.call.duration` in s: `rpc_server_call_duration_seconds`. Without `_total`. */
export function prometheusName(name: string, unit: string | undefined): string {
  const base = name.replaceAll('.', '_').replace(/_total$/, '');
  const suffix = unit === undefined ? undefined : UNITS[unit];
  return suffix === undefined || base.endsWith(`_${suffix}`) ? base : `${base}_${suffix}`;
}

/** The unit as Prometheus writes it, undefined for numbers of things. */
export function prometheusUnit(unit: string | undefined): string | undefined {
  return unit === undefined ? undefined : UNITS[unit];
}

/** `rpc.method`: `rpc_method`. */
export function prometheusLabel(name: string): string {
  return name.replaceAll('.', '_');
}

/** Throws TypeError for a name that is none in OpenTelemetry or in Prometheus. */
export function checkMetricName(name: string): void {
  if (!METRIC_NAME.test(name) || name.length > 255) throw new TypeError(`not a metric's name: ${JSON.stringify(name)}`);
}

/** Throws TypeError for names of labels that are none, reserved, or the same. */
export function checkLabelNames(names: readonly string[]): void {
  for (const name of names) {
    const written = prometheusLabel(name);
    if (!METRIC_NAME.test(name) || written.startsWith('__') || RESERVED_LABELS.has(written)) {
      throw new TypeError(`not a label's name: ${JSON.stringify(name)}`);
    }
  }
  if (new Set(names.map(prometheusLabel)).size < names.length)
    throw new TypeError(`labels must differ: ${names.join(', ')}`);
}

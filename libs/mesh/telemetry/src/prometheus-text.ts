import type { MetricFamily, MetricPoint, MetricsRegistry } from './metrics-registry';
import { prometheusLabel, prometheusName, prometheusUnit } from './metric-names';

/** `text`: Prometheus's text format 0.0.4, which all scrapers read. `openmetrics`: OpenMetrics 1.0. */
export type ExpositionFormat = 'text' | 'openmetrics';

/** The content type of each format. */
export const EXPOSITION_CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** The format that an `Accept` header asks for; `text` for anything unclear. */
export function expositionFormat(accept: string | undefined): ExpositionFormat {
  for (const choice of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = choice.split(';').map((part) => part.trim().toLowerCase());
    if (type !== 'application/openmetrics-text') continue;
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    const version = parameters.find((parameter) => parameter.startsWith('version='));
    if (quality !== undefined && Number(quality.slice(2)) === 0) continue;
    if (version === undefined || version === 'version=1.0.0' || version === 'version=0.0.1') return 'openmetrics';
  }
  return 'text';
}

/** The answer to a scraper's request: all metrics of a registry now, in the format that its `Accept` header asks for. */
export function exposition(
  registry: MetricsRegistry,
  accept?: string,
): { readonly contentType: string; readonly body: string } {
  const format = expositionFormat(accept);
  return { contentType: EXPOSITION_CONTENT_TYPES[format], body: prometheusText(registry.snapshot(), format) };
}

/**
 * Writes metrics for Prometheus. Pure. Written here rather than by OpenTelemetry's exporter for Prometheus: that one takes no
 * foreign source of metrics (no `metricProducers`), knows text only, and loads the whole SDK, a quarter of a second at each start.
 */
export function prometheusText(families: readonly MetricFamily[], format: ExpositionFormat = 'text'): string {
  const lines: string[] = [];
  for (const family of families) {
    const name = prometheusName(family.name, family.unit);
    // In OpenMetrics a counter's family has no suffix, its samples have; in the text format both have.
    const total = family.type === 'counter' ? '_total' : '';
    const title = format === 'text' ? `${name}${total}` : name;
    const unit = prometheusUnit(family.unit);
    lines.push(`# HELP ${title} ${escapeHelp(family.help, format)}`, `# TYPE ${title} ${family.type}`);
    if (format === 'openmetrics' && unit !== undefined && name.endsWith(`_${unit}`))
      lines.push(`# UNIT ${title} ${unit}`);
    for (const point of family.points) writePoint(lines, `${name}${total}`, family.labels, point);
  }
  if (format === 'openmetrics') lines.push('# EOF');
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function writePoint(lines: string[], name: string, labelNames: readonly string[], point: MetricPoint): void {
  const pairs = labelNames.map(
    (label, index) => `${prometheusLabel(label)}="${escapeLabel(point.labels[index] ?? '')}"`,
  );
  const labels = (more?: string): string => {
    const all = more === undefined ? pairs : [...pairs, more];
    return all.length === 0 ? '' : `{${all.join(',')}}`;
  };
  if ('value' in point) {
    lines.push(`${name}${labels()} ${float(point.value)}`);
    return;
  }
  let below = 0;
  point.bounds.forEach((bound, index) => {
    below += point.counts[index] ?? 0;
    lines.push(`${name}_bucket${labels(`le="${float(bound)}"`)} ${float(below)}`);
  });
  lines.push(
    `${name}_bucket${labels('le="+Inf"')} ${float(point.count)}`,
    `${name}_sum${labels()} ${float(point.sum)}`,
    `${name}_count${labels()} ${float(point.count)}`,
  );
}

function float(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function escapeHelp(value: string, format: ExpositionFormat): string {
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return format === 'text' ? escaped : escaped.replaceAll('"', '\\"');
}

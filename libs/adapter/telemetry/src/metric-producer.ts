import type { Attributes, HrTime } from '@opentelemetry/api';
import type * as sdkMetrics from '@opentelemetry/sdk-metrics';
import type { Resource } from '@opentelemetry/resources';
import type { CollectionResult, DataPoint, Histogram, MetricData, MetricProducer } from '@opentelemetry/sdk-metrics';
import type { MetricsSource, SourceFamily, SourcePoint } from './metrics-source';

/** The module's values: it is loaded only where metrics are exported. */
type SdkMetrics = typeof sdkMetrics;

export interface MetricProducerOptions {
  readonly sdk: SdkMetrics;
  readonly source: MetricsSource;
  readonly resource: Resource;
  /** Unix milliseconds now. */
  readonly nowMs: () => number;
}

/**
 * Shows a process's own metrics to the SDK, through the port that OpenTelemetry has for foreign sources (MetricProducer), so that
 * any of its exporters takes them. The SDK's instruments would cost each call 1.5 µs and more; this costs nothing until an export.
 */
export function metricProducer({ sdk, source, resource, nowMs }: MetricProducerOptions): MetricProducer {
  const startTime = hrTime(nowMs());
  return {
    collect: async (): Promise<CollectionResult> => {
      const endTime = hrTime(nowMs());
      const metrics = source.snapshot().map((family) => metricData(sdk, family, startTime, endTime));
      const scopeMetrics = [{ scope: { name: 'giftmesh' }, metrics }];
      return { resourceMetrics: { resource, scopeMetrics }, errors: [] };
    },
  };
}

function metricData(sdk: SdkMetrics, family: SourceFamily, startTime: HrTime, endTime: HrTime): MetricData {
  const { name, help, unit = '', type, labels, points } = family;
  const point = (each: SourcePoint): { startTime: HrTime; endTime: HrTime; attributes: Attributes } => ({
    startTime,
    endTime,
    attributes: Object.fromEntries(labels.map((label, index) => [label, each.labels[index] ?? ''])),
  });
  const base = {
    // The value of `ValueType.DOUBLE`, an enum of the API.
    descriptor: { name, description: help, unit, valueType: 1 },
    aggregationTemporality: sdk.AggregationTemporality.CUMULATIVE,
  };
  if (type === 'histogram') {
    const dataPoints = points.flatMap((each): DataPoint<Histogram>[] => {
      if ('value' in each) return [];
      const { bounds, counts, sum, count } = each;
      return [{ ...point(each), value: { buckets: { boundaries: [...bounds], counts: [...counts] }, sum, count } }];
    });
    return { ...base, dataPointType: sdk.DataPointType.HISTOGRAM, dataPoints };
  }
  const dataPoints = points.flatMap((each): DataPoint<number>[] =>
    'value' in each ? [{ ...point(each), value: each.value }] : [],
  );
  if (type === 'counter') return { ...base, dataPointType: sdk.DataPointType.SUM, isMonotonic: true, dataPoints };
  return { ...base, dataPointType: sdk.DataPointType.GAUGE, dataPoints };
}

function hrTime(unixMs: number): HrTime {
  return [Math.floor(unixMs / 1_000), (unixMs % 1_000) * 1e6];
}

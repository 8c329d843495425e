import type { ReadCacheStats } from './read-cache-options';

/** Tells a value of a metric. */
type Report = (labels: readonly string[], value: number) => void;
interface Spec {
  readonly name: string;
  readonly help: string;
  readonly unit?: string;
  readonly labels: readonly string[];
}

/** Where metrics are shown: mesh-telemetry's `MetricsRegistry` fits. */
export interface MetricsSink {
  observedCounter(spec: Spec, observe: (report: Report) => void): void;
  gauge(spec: Spec, observe: (report: Report) => void): void;
}

/** Shows what a cache does: requests by outcome, loads, entries. @param name of the cache; another one's must differ. */
export function cacheMetrics(sink: MetricsSink, name: string, stats: () => ReadCacheStats): void {
  sink.observedCounter(
    {
      name: 'cache.requests',
      unit: '{request}',
      help: 'Values asked of a cache, by what became of it: hit and negative from memory, stale beyond its time, shared from the layer that processes share, joined a load under way, load, refused.',
      labels: ['cache', 'outcome'],
    },
    (report) => {
      const { hits, negative, stale, joined, sharedHits, loads, refused } = stats();
      const outcomes = { hit: hits - negative, negative, stale, joined, shared: sharedHits, load: loads, refused };
      for (const [outcome, count] of Object.entries(outcomes)) report([name, outcome], count);
    },
  );
  sink.observedCounter(
    {
      name: 'cache.failures',
      unit: '{failure}',
      help: 'Failures behind a cache: of the source, and of the layer that processes share.',
      labels: ['cache', 'of'],
    },
    (report) => {
      const { loadFailures, sharedFailures } = stats();
      report([name, 'source'], loadFailures);
      report([name, 'shared'], sharedFailures);
    },
  );
  sink.gauge(
    {
      name: 'cache.entries',
      unit: '{entry}',
      help: 'Values in memory, and keys being loaded.',
      labels: ['cache', 'of'],
    },
    (report) => {
      const { entries, loading } = stats();
      report([name, 'kept'], entries);
      report([name, 'loading'], loading);
    },
  );
}

// What this library needs of a process's metrics: a registry of mesh-telemetry fits.

/** A series and its value; labels in the order of the metric's `labels`. */
export type SourcePoint =
  | { readonly labels: readonly string[]; readonly value: number }
  | {
      readonly labels: readonly string[];
      readonly bounds: readonly number[];
      /** In each bucket, one more than bounds. */
      readonly counts: readonly number[];
      readonly sum: number;
      readonly count: number;
    };

/** A metric with all its series, cumulative since the process began. */
export interface SourceFamily {
  readonly name: string;
  readonly help: string;
  readonly unit: string | undefined;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly points: readonly SourcePoint[];
}

/** Metrics that can be read all at once. */
export interface MetricsSource {
  snapshot(): readonly SourceFamily[];
}

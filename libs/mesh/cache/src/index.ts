export { cacheMetrics, type MetricsSink } from './cache-metrics';
export type { SharedLayerOptions, TextCodec } from './guarded-layer';
export { TIME_MS_MAX, type LifetimeOptions } from './lifetime';
export { ReadCache } from './read-cache';
export { CacheBusyError, type GetOptions, type ReadCacheOptions, type ReadCacheStats } from './read-cache-options';
export type { SharedEntry, SharedLayer } from './shared-layer';

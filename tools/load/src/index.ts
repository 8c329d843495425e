export { giftRequests, type GiftWorkload, type WeightedGift } from './gift-workload';
export { LatencyHistogram, type LatencySummary } from './latency-histogram';
export { LoadProcess } from './load-process';
export type { LoadSpec } from './load-spec';
export { ownUsage, processUsage, type AskUsage, type ProcessUsage } from './process-usage';
export type { Measurement } from './recorder';
export type { RequestSpec } from './request-source';

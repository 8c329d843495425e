export { MemoryRateLimitStore } from './memory-rate-limit-store';
export { ALGORITHMS, atOnce, sampleLimit } from './sample-limits';
export { sharedRateLimitStoreContract, type StoreHarness } from './shared-rate-limit-store-contract';

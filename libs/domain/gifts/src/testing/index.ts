export { activityStoreContract } from './activity-store-contract';
export { MemoryActivityStore } from './memory-activity-store';

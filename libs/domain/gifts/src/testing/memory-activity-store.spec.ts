import { activityStoreContract } from './activity-store-contract';
import { MemoryActivityStore } from './memory-activity-store';

activityStoreContract('MemoryActivityStore', async () => new MemoryActivityStore());

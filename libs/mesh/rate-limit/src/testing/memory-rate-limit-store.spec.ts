import { SimulatedClock } from '@giftmesh/kernel-time';
import { MemoryRateLimitStore, sharedRateLimitStoreContract } from './index';

sharedRateLimitStoreContract('MemoryRateLimitStore', async () => {
  const clock = new SimulatedClock();
  const store = new MemoryRateLimitStore(clock);
  return { store, other: store, pass: (ms) => clock.advanceAsync(ms), close: async () => undefined };
});

import { SimulatedClock } from '@giftmesh/kernel-time';
import { MemorySharedLayer } from './memory-shared-layer';
import { sharedLayerContract } from './shared-layer-contract';

sharedLayerContract('MemorySharedLayer', async () => {
  const clock = new SimulatedClock();
  const layer = new MemorySharedLayer(clock);
  return { layer, other: layer, pass: (ms) => clock.advanceAsync(ms), close: async () => undefined };
});

export { MemorySharedLayer } from './memory-shared-layer';
export { sharedLayerContract, type SharedLayerHarness } from './shared-layer-contract';

export { MemoryBalanceStore } from './balance-store';
export type { MemoryBalanceStoreOptions } from './options';
export { ThreadSettledNotices } from './settled-notices';

export { DEFAULT_KEY_PREFIX } from './balance-keys';
export { RedisBalanceStore } from './balance-store';
export type { RedisBalanceStoreOptions } from './balance-store-options';
export { createRedis, type CreateRedisOptions } from './create-redis';
export { RedisRateLimitStore, type RedisRateLimitStoreOptions } from './rate-limit-store';
export { connectRedis, RedisUnusableError, type ConnectRedisOptions, type RedisConnection } from './redis-connection';
export { requireRedis, type RedisDurability } from './redis-requirements';
export { isNoScript, RedisScript, type ScriptRunner } from './redis-script';
export { RedisSettledNotices, type RedisSettledNoticesOptions } from './settled-notices';

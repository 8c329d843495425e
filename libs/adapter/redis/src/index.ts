export { createRedis, type CreateRedisOptions } from './create-redis';
export { RedisRateLimitStore, type RedisRateLimitStoreOptions } from './rate-limit-store';
export { isNoScript, RedisScript, type ScriptRunner } from './redis-script';

export { findProgram, MissingProgramError } from './find-program';
export { freePort } from './free-port';
export { startRedis, type RedisServer, type StartRedisOptions } from './redis';

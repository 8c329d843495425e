import { tmpdir } from 'node:os';
import { existsSync } from 'node:fs';
import { RedisBalanceStore, type RedisBalanceStoreOptions } from './index';
import type { BalanceStoreLimits, MakeBalanceStore } from '@giftmesh/domain-money/testing';
import type { RedisConnection } from './redis-connection';

/** Where servers of tests keep their files. What is tested is what Redis does, not how fast the disk is. */
export const FAST_FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Makes stores that share a connection, each with keys of its own. */
export function storesOn(
  connection: () => RedisConnection,
  options: Partial<RedisBalanceStoreOptions> = {},
): MakeBalanceStore {
  let stores = 0;
  return async ({ shards, outboxMax, markersMax }: BalanceStoreLimits) =>
    new RedisBalanceStore({
      connection: connection(),
      shards,
      prefix: `test-${(stores += 1)}-${options.debitBy ?? 'script'}:`,
      ...(outboxMax === undefined ? {} : { shardOutboxMax: outboxMax }),
      ...(markersMax === undefined ? {} : { userMarkersMax: Math.min(markersMax, 4_000) }),
      ...options,
    });
}

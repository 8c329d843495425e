import type { ShardMap } from '@giftmesh/domain-money';
import { integerWithin } from '@giftmesh/kernel-errors';
import { DEFAULT_KEY_PREFIX } from './balance-keys';
import { DEBIT_CALL_MAX } from './debit-script';
import type { RedisConnection } from './redis-connection';

export interface RedisBalanceStoreOptions {
  /** From `connectRedis`; checked by `requireRedis`. It stays its maker's to close, and may serve several stores. */
  readonly connection: RedisConnection;
  readonly shards: ShardMap;
  /** What all keys begin with; one for each installation on a server. Default `giftmesh:`. */
  readonly prefix?: string;
  /** The most outbox entries of a shard: decisions that the ledger has not applied. About 0.5 KB each. 1 to 1 million; default 10,000. */
  readonly shardOutboxMax?: number;
  /**
   * The most settled decisions that are remembered of a user. Beyond it the older half goes, and late repetitions of those are asked about at
   * the ledger. About 0.15 KB each. 1 to 4,000; default 256: a user in place for an hour seldom has more.
   */
  readonly userMarkersMax?: number;
  /** The most events of one script call, and with them how long others wait for it: about 10 µs each. 1 to 500; default 64. */
  readonly callEventsMax?: number;
  /**
   * How a debit is made atomic: by a script, or by WATCH, MULTI and EXEC, for servers where the hot path should not run scripts. The rest
   * is done by scripts either way. Default `script`.
   */
  readonly debitBy?: 'script' | 'watch';
}

/** The options with their defaults. Throws RangeError for a wrong one. */
export function checkedBalanceStoreOptions(options: RedisBalanceStoreOptions): Required<RedisBalanceStoreOptions> {
  const { shardOutboxMax = 10_000, userMarkersMax = 256, callEventsMax = 64, debitBy = 'script' } = options;
  integerWithin('shardOutboxMax', shardOutboxMax, 1, 1_000_000);
  integerWithin('userMarkersMax', userMarkersMax, 1, 4_000);
  integerWithin('callEventsMax', callEventsMax, 1, DEBIT_CALL_MAX);
  if (debitBy !== 'script' && debitBy !== 'watch')
    throw new RangeError(`debitBy must be script or watch, is ${String(debitBy)}`);
  return { prefix: DEFAULT_KEY_PREFIX, ...options, shardOutboxMax, userMarkersMax, callEventsMax, debitBy };
}

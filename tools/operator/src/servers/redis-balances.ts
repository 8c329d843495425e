import { RedisBalanceView, type RedisConnection } from '@giftmesh/adapter-redis';
import type { ShardMap } from '@giftmesh/domain-money';
import type { OperatorBalances } from '../stores';

/** The balance store in Redis, by plain reads in pages: it is never held up longer than by a debit. */
export function redisBalances(
  connection: RedisConnection,
  shards: ShardMap,
  { place, prefix }: { readonly place: string; readonly prefix: string },
): OperatorBalances {
  const view = new RedisBalanceView({ connection, shards, prefix });
  return {
    kind: 'redis',
    place,
    pages: () => view.users(),
    accountsOf: (userIds) => view.accountsOf(userIds),
    users: (userIds) => Promise.all(userIds.map((userId) => view.user(userId))),
    outbox: async () => {
      const all = await view.shards();
      const waiting = all.flatMap(({ shard, outboxSize, oldestMs, usable }) =>
        usable && oldestMs !== undefined ? { shard, waiting: outboxSize, oldestMs } : [],
      );
      return {
        waiting: waiting.reduce((sum, shard) => sum + shard.waiting, 0),
        oldestMs: waiting.length === 0 ? undefined : Math.min(...waiting.map(({ oldestMs }) => oldestMs)),
        shards: waiting,
        lostShards: all.flatMap(({ shard, usable }) => (usable ? [] : shard)),
      };
    },
    outboxEvents: (limit) => view.outbox(limit),
    close: () => connection.close(),
  };
}

import type { Fences, LedgerSlice, ShardMap } from '@giftmesh/domain-money';
import type { MovedPositions } from './ledger-positions';
import type { MysqlSession } from './mysql-session';
import { integer, list } from './sql-literals';

type FenceRow = readonly [shard: number, fence: string];

/** The youngest generation that a fence has named for each shard. */
export async function selectFences(session: MysqlSession): Promise<Fences> {
  const rows = await session.rows<FenceRow>('SELECT shard, fence FROM shard_generation WHERE fence > 0');
  return new Map(rows.map(([shard, fence]) => [shard, Number(fence)]));
}

/** Writes fences that have risen. */
export async function raiseFences(session: MysqlSession, before: Fences, after: Fences): Promise<void> {
  const raised = [...after].filter(([shard, fence]) => before.get(shard) !== fence).sort(([a], [b]) => a - b);
  if (raised.length === 0) return;
  const values = raised.map(([shard, fence]) => `(${shard},0,${integer(fence)})`);
  await session.run(
    `INSERT INTO shard_generation (shard, given, fence) VALUES ${values.join()}
     ON DUPLICATE KEY UPDATE fence = VALUES(fence)`,
  );
}

/** Gives out a generation above all that the shards have seen. */
export async function raiseGenerations(session: MysqlSession, shardList: readonly number[]): Promise<number> {
  const shards = [...new Set(shardList)].sort((a, b) => a - b);
  // Rows that are not there can't be locked, so they are made first.
  await session.run(
    `INSERT INTO shard_generation (shard, given, fence) VALUES ${shards.map((shard) => `(${shard},0,0)`).join()}
     ON DUPLICATE KEY UPDATE shard = VALUES(shard)`,
  );
  const named = list(shards.map(String));
  const rows = await session.rows<[given: string, fence: string]>(
    `SELECT given, fence FROM shard_generation WHERE shard IN ${named} FOR UPDATE`,
  );
  const generation = rows.reduce((highest, [given, fence]) => Math.max(highest, Number(given), Number(fence)), 0) + 1;
  await session.run(`UPDATE shard_generation SET given = ${integer(generation)} WHERE shard IN ${named}`);
  return generation;
}

/**
 * The fences as this process has last seen them, a partition at a time. A fence stands in the log, so whoever applies it moves its
 * partition's position too: where a position is the one that we left behind, the fences are the ones that we left behind.
 */
export class FenceCache {
  readonly #shards: ShardMap;
  readonly #byPartition = new Map<number, { readonly offset: number; readonly fences: Fences }>();

  constructor(shards: ShardMap) {
    this.#shards = shards;
  }

  /** All fences that bear on a batch, whose partitions must be locked. */
  async of(session: MysqlSession, slices: readonly LedgerSlice[], { before }: MovedPositions): Promise<Fences> {
    const known: (readonly [number, number])[] = [];
    for (const [partition, offset] of before) {
      const cached = this.#byPartition.get(partition);
      if (cached?.offset !== offset) return selectFences(session);
      known.push(...cached.fences);
    }
    // Of an event that stands in another partition than its payer's, nobody has promised anything: look.
    return this.#areAtHome(slices, before) ? new Map(known) : selectFences(session);
  }

  #areAtHome(slices: readonly LedgerSlice[], partitions: ReadonlyMap<number, unknown>): boolean {
    return slices.every(({ entries }) =>
      entries.every(
        (entry) => entry.kind === 'fence' || partitions.has(this.#shards.partitionOf(entry.decided.event.opUserId)),
      ),
    );
  }

  /** To be called when the transaction is committed. */
  keep({ after }: MovedPositions, fences: Fences): void {
    for (const [partition, offset] of after) {
      const own = [...fences].filter(([shard]) => this.#shards.partitionOfShard(shard) === partition);
      this.#byPartition.set(partition, { offset, fences: new Map(own) });
    }
  }

  /** To be called when it is not, or nobody knows. */
  forget(partitions: Iterable<number>): void {
    for (const partition of partitions) this.#byPartition.delete(partition);
  }
}

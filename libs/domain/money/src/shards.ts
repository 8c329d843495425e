/**
 * Where users live. Users map to a fixed number of shards (chosen once for the life of the data) and shards to
 * partitions of the log, so that all of a payer's events stand in one partition.
 */
export class ShardMap {
  /**
   * @param shardCount 1 to 4096; 256 unless there is a reason. Changing it later moves users.
   * @param partitionCount partitions of the log; must divide `shardCount`.
   */
  constructor(
    readonly shardCount: number,
    readonly partitionCount: number,
  ) {
    if (!Number.isInteger(shardCount) || shardCount < 1 || shardCount > 4096)
      throw new RangeError(`shardCount must be 1 to 4096, is ${shardCount}`);
    if (!Number.isInteger(partitionCount) || partitionCount < 1 || shardCount % partitionCount !== 0)
      throw new RangeError(`partitionCount must divide shardCount ${shardCount}, is ${partitionCount}`);
  }

  /** The shard of a user: the high bits of a multiplicative hash (Knuth), so that neighbouring ids spread. */
  shardOf(userId: bigint): number {
    return Number(BigInt.asUintN(64, userId * 0x9e3779b97f4a7c15n) >> 40n) % this.shardCount;
  }

  partitionOfShard(shard: number): number {
    return shard % this.partitionCount;
  }

  partitionOf(userId: bigint): number {
    return this.partitionOfShard(this.shardOf(userId));
  }

  /** All shards of a partition. */
  shardsOf(partition: number): number[] {
    return this.allShards().filter((shard) => this.partitionOfShard(shard) === partition);
  }

  allShards(): number[] {
    return Array.from({ length: this.shardCount }, (_, shard) => shard);
  }
}

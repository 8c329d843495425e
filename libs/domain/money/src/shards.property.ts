import fc from 'fast-check';
import { ID_MAX } from '@giftmesh/kernel-ids';
import { ShardMap } from './shards';

describe('ShardMap', () => {
  const shards = new ShardMap(256, 16);
  const userId = fc.bigInt({ min: 1n, max: ID_MAX });

  it('keeps everybody where she is: these places are stored', () => {
    expect([1n, 2n, 3n, 1_000_000n, 2n ** 40n, ID_MAX].map((user) => shards.shardOf(user))).toEqual([
      121, 243, 109, 182, 21, 134,
    ]);
  });

  it('has a shard for every id, and a partition for every shard', () => {
    fc.assert(
      fc.property(userId, (user) => {
        const shard = shards.shardOf(user);
        expect(Number.isInteger(shard) && shard >= 0 && shard < 256).toBe(true);
        expect(shards.partitionOf(user)).toBe(shards.partitionOfShard(shard));
        expect(shards.partitionOf(user)).toBeLessThan(16);
      }),
    );
  });

  it.each([
    ['neighbours', 1n],
    ['ids in steps of 2^22, as a time-ordered source makes them', 2n ** 22n],
    ['ids in steps of 1,000', 1_000n],
  ])('spreads %s evenly', (_, step) => {
    const counts = new Map<number, number>();
    const users = 25_600;
    for (let index = 1n; index <= BigInt(users); index += 1n) {
      const shard = shards.shardOf(5_000_000n + index * step);
      counts.set(shard, (counts.get(shard) ?? 0) + 1);
    }
    expect(counts.size).toBe(256);
    // 100 each on average; a random placing has a standard deviation of 10.
    expect(Math.max(...counts.values())).toBeLessThan(150);
    expect(Math.min(...counts.values())).toBeGreaterThan(50);
  });

  it('gives every shard to exactly one partition', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 64 }), (partitions, perPartition) => {
        const map = new ShardMap(partitions * perPartition, partitions);
        const all = Array.from({ length: partitions }, (_, partition) => map.shardsOf(partition));
        for (const some of all) expect(some).toHaveLength(perPartition);
        expect(all.flat().sort((a, b) => a - b)).toEqual(map.allShards());
      }),
    );
  });

  it.each([
    [0, 1],
    [4_097, 1],
    [1.5, 1],
    [256, 0],
    [256, 3],
    [256, 512],
    [NaN, 1],
  ])('refuses %p shards in %p partitions', (shardCount, partitionCount) => {
    expect(() => new ShardMap(shardCount, partitionCount)).toThrow(RangeError);
  });
});

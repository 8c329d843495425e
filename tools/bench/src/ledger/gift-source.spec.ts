import { ShardMap } from '@giftmesh/domain-money';
import { allStreamers, allViewers, byPartition, GiftSource, WORKLOADS } from './gift-source';

describe('GiftSource', () => {
  it.each(WORKLOADS)('makes gifts for $name that all could be accepted', (workload) => {
    const gifts = new GiftSource(7).take(2_000, workload);
    const [viewers, streamers] = [new Set(allViewers()), new Set(allStreamers(workload.streamers))];
    expect(new Set(gifts.map(({ event }) => event.eventId)).size).toBe(gifts.length);
    const wrong = gifts.filter(({ event: { opUserId, opUserChange, toUserChanges } }) => {
      const [credit] = toUserChanges;
      return !viewers.has(opUserId) || !streamers.has(credit?.userId ?? 0n) || credit?.incr !== -opUserChange.incr;
    });
    expect(wrong).toEqual([]);
  });

  it('counts the debits of each viewer without gaps, over all that it makes', () => {
    const source = new GiftSource(7);
    const gifts = WORKLOADS.flatMap((workload) => source.take(15_000, workload));
    const seqs = new Map<bigint, number>();
    const gaps = gifts.filter(({ event: { opUserId }, seq }) => {
      const before = seqs.get(opUserId) ?? 0;
      seqs.set(opUserId, seq ?? NaN);
      return seq !== before + 1;
    });
    expect(gaps).toEqual([]);
  });

  it('makes the same again for the same seed', () => {
    const take = () => new GiftSource(3).take(50, { name: 'hot', streamers: 1 });
    expect(take()).toEqual(take());
  });
});

describe('byPartition', () => {
  it('puts each gift into the partition of its payer, in order', () => {
    const shards = new ShardMap(256, 4);
    const gifts = new GiftSource(7).take(200, { name: 'hot', streamers: 1 });
    const parts = byPartition(gifts, shards);
    expect(parts.length).toBe(4);
    parts.forEach((part, partition) =>
      expect(part).toEqual(gifts.filter(({ event }) => shards.partitionOf(event.opUserId) === partition)),
    );
  });
});

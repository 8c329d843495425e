import fc from 'fast-check';
import { RollingCounts } from './rolling-counts';

const event = fc.record({ afterMs: fc.nat(400), counter: fc.nat(1) });

describe('RollingCounts', () => {
  it('shows what a list of all events would, bucket by bucket, from whatever time on', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: -2_000, max: 2_000 }),
        fc.array(event, { maxLength: 80 }),
        (buckets, startMs, events) => {
          const bucketMs = 50;
          const counts = new RollingCounts(2, buckets * bucketMs, buckets);
          const seen: { slot: number; counter: number }[] = [];
          let nowMs = startMs;
          for (const { afterMs, counter } of events) {
            nowMs += afterMs;
            const slot = Math.floor(nowMs / bucketMs);
            counts.add(nowMs, counter);
            seen.push({ slot, counter });
            for (const each of [0, 1]) {
              const expected = seen.filter((one) => one.counter === each && one.slot > slot - buckets).length;
              expect(counts.total(nowMs, each)).toBe(expected);
            }
          }
        },
      ),
    );
  });

  it('counts a time that went back with the newest bucket, and forgets all after a long silence', () => {
    const counts = new RollingCounts(1, 1_000, 10);
    counts.add(5_000, 0);
    counts.add(4_000, 0);
    expect(counts.total(5_000, 0)).toBe(2);
    expect(counts.total(5_999, 0)).toBe(2);
    expect(counts.total(6_000, 0)).toBe(0);
    counts.add(6_000, 0);
    expect(counts.total(1e12, 0)).toBe(0);
  });
});

import { deferred } from '@giftmesh/kernel-async';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { LogDelivery } from './log-delivery';
import type { LogPosition, LogRecord, SubscribeOptions } from './ports/event-log';

/** A log of two partitions whose records are their own offsets. */
class Source {
  readonly clock = new SimulatedClock();
  readonly partitionCount = 2;
  readonly ends = [0, 0];
  problem: Error | undefined;

  readNow({ partition, offset }: LogPosition, recordsMax: number): LogRecord<number>[] {
    if (this.problem !== undefined) throw this.problem;
    const count = Math.min(recordsMax, (this.ends[partition] ?? 0) - offset);
    return Array.from({ length: Math.max(0, count) }, (_, index) => ({
      partition,
      offset: offset + index,
      content: { ok: true, value: offset + index },
    }));
  }
}

describe('LogDelivery', () => {
  let source: Source;
  let delivered: { atMs: number; count: number }[];
  let halted: Error[];
  let ends: number;
  let delivery: LogDelivery<number>;
  const start = (options: Partial<SubscribeOptions<number>> = {}): void => {
    delivery = new LogDelivery<number>(
      source,
      {
        startAt: async () => [],
        onRecords: async (records) => void delivered.push({ atMs: source.clock.monotonicMs(), count: records.length }),
        onHalt: (error) => void halted.push(error),
        recordsMax: 100,
        retryDelayMs: 50,
        ...options,
      },
      () => (ends += 1),
    );
  };
  const add = async (count: number, partition = 0): Promise<void> => {
    source.ends[partition] = (source.ends[partition] ?? 0) + count;
    delivery.wake();
    await source.clock.advanceAsync(0);
  };
  beforeEach(() => {
    source = new Source();
    delivered = [];
    halted = [];
    ends = 0;
  });
  afterEach(() => delivery.close());

  it('delivers at once when it is woken, all partitions together', async () => {
    start();
    source.ends[1] = 3;
    await add(2);
    await add(1);
    expect(delivered).toEqual([
      { atMs: 0, count: 5 },
      { atMs: 0, count: 1 },
    ]);
    expect(delivery.offsets).toEqual([3, 3]);
  });

  it('lets records gather for the interval it is told, and delivers the first after a pause at once', async () => {
    let intervalMs = 20;
    start({ deliveryIntervalMs: () => intervalMs });
    await add(1);
    await add(1);
    await source.clock.advanceAsync(10);
    await add(1);
    await source.clock.advanceAsync(9);
    expect(delivered).toEqual([{ atMs: 0, count: 1 }]);
    await source.clock.advanceAsync(1);
    expect(delivered[1]).toEqual({ atMs: 20, count: 2 });
    await source.clock.advanceAsync(100);
    await add(1);
    expect(delivered[2]).toEqual({ atMs: 120, count: 1 });
    await add(1);
    intervalMs = 0;
    await source.clock.advanceAsync(5);
    expect(delivered[3]?.atMs).toBeLessThanOrEqual(125);
  });

  it('does not wait behind a full delivery: there is more already', async () => {
    start({ deliveryIntervalMs: () => 20, recordsMax: 4 });
    await add(1);
    await add(10);
    await source.clock.advanceAsync(20);
    expect(delivered).toEqual([
      { atMs: 0, count: 1 },
      { atMs: 20, count: 4 },
      { atMs: 20, count: 4 },
      { atMs: 20, count: 2 },
    ]);
    await add(1);
    expect(delivered).toHaveLength(4);
    await source.clock.advanceAsync(20);
    expect(delivered[4]).toEqual({ atMs: 40, count: 1 });
  });

  it('waits for the retry delay after a failure, whatever comes meanwhile', async () => {
    let failures = 1;
    start({
      onRecords: async (records) => {
        failures -= 1;
        if (failures >= 0) throw new Error('away');
        delivered.push({ atMs: source.clock.monotonicMs(), count: records.length });
      },
    });
    await add(1);
    await source.clock.advanceAsync(49);
    await add(1);
    expect(delivered).toEqual([]);
    expect(delivery.offsets).toBeUndefined();
    await source.clock.advanceAsync(1);
    expect(delivered).toEqual([{ atMs: 50, count: 2 }]);
  });

  it('takes a subscriber that throws at once like one that rejects', async () => {
    let calls = 0;
    start({
      startAt: () => {
        calls += 1;
        if (calls === 1) throw new Error('at once');
        return Promise.resolve([]);
      },
      onRecords: () => {
        throw new Error('at once');
      },
    });
    await source.clock.advanceAsync(50);
    await add(1);
    await source.clock.advanceAsync(50);
    expect(calls).toBe(3);
    expect(halted).toEqual([]);
  });

  it('halts at any error of reading, and at positions in partitions that there are not', async () => {
    start();
    source.problem = new Error('the disk is broken');
    await add(1);
    expect(halted).toEqual([source.problem]);
    expect(ends).toBe(1);
    source.problem = undefined;
    await add(1);
    expect(delivered).toEqual([]);
    await delivery.close();
    expect(ends).toBe(1);

    start({ startAt: async () => [{ partition: 2, offset: 0 }] });
    await source.clock.advanceAsync(0);
    expect(halted[1]?.message).toContain('no partition 2');
  });

  it('can be closed while positions are awaited, and delivers nothing then', async () => {
    const positions = deferred<readonly LogPosition[]>();
    start({ startAt: () => positions.promise });
    await delivery.close();
    positions.resolve([]);
    await add(1);
    expect([delivered, halted, ends]).toEqual([[], [], 1]);
    expect(source.clock.pendingTimers).toBe(0);
  });

  it('says where it stands, also behind a delivery that is under way', async () => {
    const gate = deferred<void>();
    start({ onRecords: () => gate.promise });
    await add(2);
    expect(delivery.offsets).toEqual([0, 0]);
    gate.resolve();
    await source.clock.advanceAsync(0);
    expect(delivery.offsets).toEqual([2, 0]);
  });
});

import { EventLogTail } from './event-log-tail';

describe('EventLogTail', () => {
  const offsets = (tail: EventLogTail<number>, offset: number, max = 100) =>
    tail.read(offset, max)?.map((record) => (record.content.ok ? record.content.value : undefined));

  it('has the newest records, at most its limit', () => {
    const tail = new EventLogTail<number>(0, 3);
    tail.push(0, [0, 1]);
    tail.push(2, [2, 3]);
    expect(tail.size).toBe(3);
    expect(offsets(tail, 0)).toBeUndefined();
    expect(offsets(tail, 1)).toEqual([1, 2, 3]);
    expect(offsets(tail, 2, 1)).toEqual([2]);
    expect(offsets(tail, 4)).toBeUndefined();
    expect(tail.read(3, 1)).toEqual([{ partition: 0, offset: 3, content: { ok: true, value: 3 } }]);
  });

  it('begins anew behind a gap', () => {
    const tail = new EventLogTail<number>(0, 10);
    tail.push(0, [0, 1]);
    tail.push(5, [5]);
    expect(offsets(tail, 0)).toBeUndefined();
    expect(offsets(tail, 2)).toBeUndefined();
    expect(offsets(tail, 5)).toEqual([5]);
  });

  it('keeps nothing with a limit of 0', () => {
    const tail = new EventLogTail<number>(0, 0);
    tail.push(0, [0, 1]);
    expect(tail.size).toBe(0);
    tail.push(2, [2]);
    expect(offsets(tail, 2)).toBeUndefined();
  });

  it('holds what is right while it is pushed and dropped for long', () => {
    const tail = new EventLogTail<number>(0, 5_000);
    for (let next = 0; next < 50_000; next += 10) {
      tail.push(
        next,
        Array.from({ length: 10 }, (_, index) => next + index),
      );
      if (next % 70 === 0) tail.dropBefore(next - 1_000);
      expect(offsets(tail, next + 9)).toEqual([next + 9]);
    }
    expect(tail.size).toBeLessThanOrEqual(1_100);
    tail.dropBefore(Infinity);
    expect(tail.size).toBe(0);
    tail.push(50_000, [50_000]);
    expect(offsets(tail, 50_000)).toEqual([50_000]);
  });
});

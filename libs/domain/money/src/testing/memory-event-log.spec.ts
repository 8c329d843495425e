import { SimulatedClock } from '@giftmesh/kernel-time';
import { eventLogContract } from './event-log-contract';
import { MemoryEventLog } from './memory-event-log';

eventLogContract('MemoryEventLog', async ({ partitionCount, codec }) => {
  const clock = new SimulatedClock();
  const log = new MemoryEventLog<string>({ clock, partitionCount, codec });
  return { log, advance: (ms) => clock.advanceAsync(ms), dispose: () => log.close() };
});

eventLogContract('MemoryEventLog that drops at once', async ({ partitionCount, codec }) => {
  const clock = new SimulatedClock();
  const log = new MemoryEventLog<string>({ clock, partitionCount, codec, dropReleased: true });
  return {
    log,
    advance: (ms) => clock.advanceAsync(ms),
    dropReleased: async () => undefined,
    dispose: () => log.close(),
  };
});

describe('MemoryEventLog', () => {
  it('keeps values as they are without a codec', async () => {
    const log = new MemoryEventLog<object>({ clock: new SimulatedClock(), partitionCount: 1 });
    const value = {};
    await log.append([{ partition: 0, value }]);
    const [record] = await log.read({ partition: 0, offset: 0 }, 1);
    expect(record?.content.ok === true && record.content.value === value).toBe(true);
  });

  it.each([0, -1, 1.5])('refuses %p partitions', (partitionCount) => {
    expect(() => new MemoryEventLog({ clock: new SimulatedClock(), partitionCount })).toThrow(`is ${partitionCount}`);
  });

  it('leaves no timers behind', async () => {
    const clock = new SimulatedClock();
    const log = new MemoryEventLog<string>({ clock, partitionCount: 1 });
    log.subscribe({
      startAt: () => Promise.reject(new Error('away')),
      onRecords: async () => undefined,
      onHalt: () => undefined,
      recordsMax: 1,
      retryDelayMs: 1_000,
    });
    await clock.advanceAsync(1);
    expect(clock.pendingTimers).toBe(1);
    await log.close();
    expect(clock.pendingTimers).toBe(0);
  });
});

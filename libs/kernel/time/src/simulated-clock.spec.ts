import { SimulatedClock } from './simulated-clock';
import { sleep } from './clock';

describe('SimulatedClock', () => {
  it('runs timers in order of time, then of making, those started on the way included', () => {
    const clock = new SimulatedClock();
    const ran: string[] = [];
    clock.schedule(20, () => ran.push('b'));
    clock.schedule(10, () => {
      ran.push('a');
      clock.schedule(5, () => ran.push('a2'));
    });
    clock.schedule(20, () => ran.push('c'));
    clock.advance(20);
    expect(ran).toEqual(['a', 'a2', 'b', 'c']);
    expect(clock.monotonicMs()).toBe(20);
  });

  it('does not run what was cancelled or is not due', () => {
    const clock = new SimulatedClock();
    const ran: string[] = [];
    clock.schedule(10, () => ran.push('cancelled'))();
    clock.schedule(11, () => ran.push('late'));
    clock.advance(10);
    expect(ran).toEqual([]);
    expect(clock.nextTimerInMs).toBe(1);
    expect(clock.pendingTimers).toBe(1);
  });

  it('jumps the wall clock without moving monotonic time', () => {
    const clock = new SimulatedClock(1_000);
    clock.jumpWallClock(-400);
    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([600, 0]);
  });

  it('lets promises go on between timers', async () => {
    const clock = new SimulatedClock();
    const ran: number[] = [];
    const work = (async () => {
      for (const step of [1, 2, 3]) {
        await sleep(clock, 10);
        ran.push(step);
      }
    })();
    await clock.advanceAsync(30);
    await work;
    expect(ran).toEqual([1, 2, 3]);
  });
});

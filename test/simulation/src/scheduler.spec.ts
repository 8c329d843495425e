import { seededRandom } from '@giftmesh/kernel-random';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { Machine, Scheduler, SimulatedProcess } from './scheduler';

function setUp() {
  const clock = new SimulatedClock(0);
  const scheduler = new Scheduler(clock, seededRandom(1));
  const machine = new Machine('station-1');
  const process = new SimulatedProcess(machine);
  const done: string[] = [];
  const runSteps = (count: number): Promise<boolean> => scheduler.runUntil(() => false, count);
  return { clock, scheduler, machine, process, done, runSteps };
}

describe('Scheduler', () => {
  it('holds a stopped process and its timers until it goes on', async () => {
    const { scheduler, process, done, runSteps } = setUp();
    const clock = scheduler.clockOf(process);
    void scheduler.step(process).then(() => done.push('step'));
    clock.schedule(10, () => done.push('timer'));
    const cancel = clock.schedule(20, () => done.push('cancelled timer'));
    process.stop();
    await runSteps(50);
    expect(done).toEqual([]);
    cancel();
    process.continue();
    await runSteps(1);
    expect(done.sort()).toEqual(['step', 'timer']);
  });

  it('never goes on with what a killed process has begun, stopped or not', async () => {
    const { scheduler, process, done, runSteps } = setUp();
    void scheduler.step(process).then(() => done.push('step'));
    scheduler.clockOf(process).schedule(10, () => done.push('timer'));
    process.stop();
    await runSteps(50);
    process.kill();
    process.continue();
    await runSteps(50);
    expect(done).toEqual([]);
  });

  it("gives each process its machine's wall clock, and all the same monotonic one", () => {
    const { clock, machine, process, scheduler } = setUp();
    machine.clockOffsetMs = -500;
    clock.advance(1_000);
    const own = scheduler.clockOf(process);
    expect([own.nowMs(), own.monotonicMs()]).toEqual([500, 1_000]);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { turn } from './event-log-test-kit';
import { EventLogWake, TELL_INTERVAL_MS, type EndsNotice } from './event-log-wake';

describe('EventLogWake', () => {
  let folder: string;
  let clock: SimulatedClock;
  let heard: EndsNotice[];
  let wakes: EventLogWake[];
  const joinIn = (onWake: (ends: EndsNotice) => void): EventLogWake => {
    const wake = new EventLogWake(join(folder, 'log.db'), clock, onWake);
    wakes.push(wake);
    return wake;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'giftmesh-wake-'));
    writeFileSync(join(folder, 'log.db'), '');
    clock = new SimulatedClock();
    heard = [];
    wakes = [];
  });
  afterEach(() => {
    for (const wake of wakes) wake.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const turns = async (): Promise<void> => {
    for (let round = 0; round < 20; round += 1) await turn();
  };

  it('tells others at once, and not itself', async () => {
    joinIn((ends) => heard.push(ends));
    const own: EndsNotice[] = [];
    joinIn((ends) => own.push(ends)).wake([0, 5, 2, 7]);
    await turns();
    expect(heard).toEqual([[0, 5, 2, 7]]);
    expect(own).toEqual([]);
  });

  it('tells what follows closely in one message, newest ends only', async () => {
    joinIn((ends) => heard.push(ends));
    const wake = joinIn(() => undefined);
    for (let end = 1; end <= 9; end += 1) wake.wake([0, end]);
    wake.wake([1, 3]);
    clock.advance(TELL_INTERVAL_MS - 1);
    await turns();
    expect(heard).toEqual([[0, 1]]);
    clock.advance(1);
    await turns();
    expect(heard).toEqual([
      [0, 1],
      [0, 9, 1, 3],
    ]);
    clock.advance(TELL_INTERVAL_MS);
    wake.wake([0, 10]);
    await turns();
    expect(heard[2]).toEqual([0, 10]);
  });

  it('tells the rest when it is closed, and leaves no timer behind', async () => {
    joinIn((ends) => heard.push(ends));
    const wake = joinIn(() => undefined);
    wake.wake([0, 1]);
    wake.wake([0, 2]);
    wakes.pop()?.close();
    clock.advance(TELL_INTERVAL_MS * 2);
    await turns();
    expect(heard).toEqual([
      [0, 1],
      [0, 2],
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('plans once more when a timer comes early', async () => {
    joinIn((ends) => heard.push(ends));
    const early: (() => void)[] = [];
    let nowMs = 0;
    const wake = new EventLogWake(
      join(folder, 'log.db'),
      {
        nowMs: () => nowMs,
        monotonicMs: () => nowMs,
        schedule: (_, run) => {
          early.push(run);
          return () => undefined;
        },
        defer: (run) => run(),
      },
      () => undefined,
    );
    wake.wake([0, 1]);
    wake.wake([0, 2]);
    nowMs = TELL_INTERVAL_MS - 0.5;
    early.shift()?.();
    await turns();
    expect(heard).toEqual([[0, 1]]);
    nowMs = TELL_INTERVAL_MS;
    early.shift()?.();
    await turns();
    expect(heard).toEqual([
      [0, 1],
      [0, 2],
    ]);
    wake.close();
  });
});

import type { StatusError } from '@giftmesh/kernel-errors';
import { SimulatedClock } from '@giftmesh/kernel-time';
import fc from 'fast-check';
import { createRateLimiter, WaitingLine, waitingLine, type Decision } from './index';
import { ALGORITHMS, sampleLimit } from './testing';

function setup(waitingMax = 10, permits = 1) {
  const clock = new SimulatedClock();
  const limiter = createRateLimiter(sampleLimit('token-bucket', permits, 100));
  const line = waitingLine({ limiter, clock, waitingMax, name: 'pace' });
  const served: string[] = [];
  const wait = (name: string, amount = 1, options = {}): Promise<void> =>
    line.wait(amount, options).then(
      () => void served.push(`${name} at ${clock.monotonicMs()}`),
      (error: unknown) =>
        void served.push(`${name} ${(error as Partial<StatusError>).reason ?? (error as Error).message}`),
    );
  return { clock, line, served, wait };
}

describe('WaitingLine', () => {
  it('lets in at once while there are permits, without a promise', () => {
    const { line } = setup();
    expect(line.enter()).toBeUndefined();
    expect(line.size).toBe(0);
  });

  it('serves those who wait in their order, at the pace of the limit', async () => {
    const { clock, served, wait, line } = setup();
    for (const name of ['a', 'b', 'c']) void wait(name);
    expect(line.size).toBe(2);
    await clock.advanceAsync(250);
    expect(served).toEqual(['a at 0', 'b at 100', 'c at 200']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('lets nobody overtake', async () => {
    const { clock, served, wait } = setup(10, 2);
    for (const [name, permits] of [
      ['a', 1],
      ['b', 2],
      ['c', 1],
    ] as const)
      void wait(name, permits);
    await clock.advanceAsync(200);
    expect(served).toEqual(['a at 0', 'b at 50', 'c at 100']);
  });

  it('refuses at once whoever cannot be served in time, and others when their time is over', async () => {
    const { clock, served, wait } = setup();
    void wait('a');
    void wait('too long', 1, { maxWaitMs: 99 });
    void wait('just', 1, { maxWaitMs: 100 });
    void wait('behind', 1, { maxWaitMs: 150 });
    void wait('never', 2);
    await clock.advanceAsync(0);
    expect([...served].sort()).toEqual(['a at 0', 'too long RATE_LIMITED']);
    await clock.advanceAsync(150);
    expect(served.slice(2)).toEqual(['just at 100', 'behind RATE_LIMITED', 'never RATE_LIMITED']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('has a limit on those who wait', async () => {
    const { clock, served, wait, line } = setup(2);
    for (const name of ['a', 'b', 'c', 'd']) void wait(name);
    await clock.advanceAsync(0);
    expect([...served].sort()).toEqual(['a at 0', 'd RATE_LIMITED']);
    expect(line.size).toBe(2);
    await clock.advanceAsync(100);
    void wait('e');
    await clock.advanceAsync(500);
    expect(served.slice(2)).toEqual(['b at 100', 'c at 200', 'e at 300']);
    expect(() =>
      waitingLine({ limiter: createRateLimiter(sampleLimit('token-bucket', 1, 1)), waitingMax: -1 }),
    ).toThrow('waitingMax must be an integer of 0 to 1000000, is -1');
  });

  it('ends the waiting with the signal, and takes nothing for it', async () => {
    const { clock, served, wait } = setup();
    const gone = new AbortController();
    void wait('a');
    void wait('gone', 1, { signal: gone.signal });
    void wait('b');
    await clock.advanceAsync(50);
    gone.abort(new Error('left'));
    await clock.advanceAsync(50);
    expect(served).toEqual(['a at 0', 'gone left', 'b at 100']);
    void wait('late', 1, { signal: gone.signal });
    await clock.advanceAsync(0);
    expect(served[3]).toBe('late left');
  });

  it('serves the next at once when the first, who needs more, leaves', async () => {
    const { clock, served, wait } = setup(10, 2);
    const gone = new AbortController();
    void wait('a');
    void wait('gone', 2, { signal: gone.signal });
    void wait('b', 1, { maxWaitMs: 5_000 });
    await clock.advanceAsync(10);
    gone.abort(new Error('left'));
    await clock.advanceAsync(0);
    expect(served.slice(0, 1)).toEqual(['a at 0']);
    expect([...served].sort()).toEqual(['a at 0', 'b at 10', 'gone left']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('asks a limit that answers later, and goes on when that fails', async () => {
    const clock = new SimulatedClock();
    const answers: (Decision | Error)[] = [
      { allowed: false, remaining: 0, retryAfterMs: 10 },
      new Error('away'),
      { allowed: false, remaining: 0, retryAfterMs: 5 },
      { allowed: true, remaining: 0, retryAfterMs: 0 },
    ];
    const attempt = async (): Promise<Decision> => {
      const answer = answers.shift() as Decision | Error;
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const line = new WaitingLine({ name: 'shared', attempt, clock });
    const first = expect(line.wait()).rejects.toThrow('away');
    await clock.advanceAsync(0);
    const second = line.wait();
    await clock.advanceAsync(10);
    await first;
    expect([line.size, answers.length]).toEqual([1, 1]);
    await clock.advanceAsync(5);
    await second;
    expect(line.size).toBe(0);
  });

  it('serves everybody in the end, and never more than the limit gives, whatever they do', async () => {
    const visitor = fc.record({
      afterMs: fc.nat(80),
      permits: fc.integer({ min: 1, max: 4 }),
      leavesAfterMs: fc.option(fc.nat(300), { nil: undefined }),
      maxWaitMs: fc.option(fc.nat(300), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ALGORITHMS),
        fc.array(visitor, { maxLength: 30 }),
        async (algorithm, visitors) => {
          const clock = new SimulatedClock();
          const limiter = createRateLimiter(sampleLimit(algorithm, 4, 100));
          const line = waitingLine({ limiter, clock, waitingMax: 8 });
          let [served, refused, left, permitsServed] = [0, 0, 0, 0];
          for (const { afterMs, permits, leavesAfterMs, maxWaitMs } of visitors) {
            await clock.advanceAsync(afterMs);
            const leaving = new AbortController();
            if (leavesAfterMs !== undefined) clock.schedule(leavesAfterMs, () => leaving.abort(new Error('left')));
            line.wait(permits, { signal: leaving.signal, ...(maxWaitMs === undefined ? {} : { maxWaitMs }) }).then(
              () => {
                served += 1;
                permitsServed += permits;
              },
              (error: unknown) => ((error as Error).message === 'left' ? (left += 1) : (refused += 1)),
            );
            expect(line.size).toBeLessThanOrEqual(8);
          }
          await clock.advanceAsync(10_000);
          expect(served + refused + left).toBe(visitors.length);
          expect([line.size, clock.pendingTimers]).toEqual([0, 0]);
          expect(permitsServed).toBeLessThanOrEqual(4 * (2 + clock.monotonicMs() / 100));
        },
      ),
      { numRuns: 50 },
    );
  });
});

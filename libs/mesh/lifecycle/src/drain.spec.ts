import { SimulatedClock } from '@giftmesh/kernel-time';
import { Drain, type DrainOptions, type DrainOutcome } from './drain';

function drained(options: Partial<DrainOptions> = {}) {
  const clock = new SimulatedClock();
  const events: string[] = [];
  const note = (event: string) => (): void => void events.push(`${clock.monotonicMs()} ${event}`);
  let closed: () => void = () => undefined;
  let broken: (error: Error) => void = () => undefined;
  const drain = new Drain(
    {
      stopServing: note('stopServing'),
      announceDrain: note('announceDrain'),
      endStreams: note('endStreams'),
      closeGracefully: (withinMs) => {
        note(`closeGracefully within ${withinMs}`)();
        return new Promise<void>((resolve, reject) => {
          closed = resolve;
          broken = reject;
        });
      },
      closeNow: note('closeNow'),
    },
    { clock, ...options },
  );
  return { clock, events, drain, closed: () => closed(), broken: () => broken(new Error('x')) };
}

describe('Drain', () => {
  it('goes through its steps and ends as soon as the calls are done', async () => {
    const { clock, events, drain, closed } = drained({ propagationDelayMs: 200, limitMs: 5_000 });
    const outcome = drain.run();
    await clock.advanceAsync(500);
    closed();
    expect(await outcome).toBe('graceful');
    expect(events).toEqual(['0 stopServing', '200 announceDrain', '200 closeGracefully within 4800', '500 closeNow']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends streams after their grace, and everything at the limit', async () => {
    const { clock, events, drain } = drained({ streamGraceMs: 300, limitMs: 1_000 });
    const outcome = drain.run();
    await clock.advanceAsync(999);
    expect(events).toEqual(['0 stopServing', '0 announceDrain', '0 closeGracefully within 1000', '300 endStreams']);
    await clock.advanceAsync(1);
    expect(await outcome).toBe('forced');
    expect(events.at(-1)).toBe('1000 closeNow');
  });

  it('runs once, whoever asks', async () => {
    const { clock, events, drain, closed } = drained();
    const outcomes = [drain.run(), drain.run()];
    await clock.advanceAsync(1);
    closed();
    expect(await Promise.all(outcomes)).toEqual(['graceful', 'graceful']);
    expect(events.filter((event) => event.endsWith('stopServing')).length).toBe(1);
  });

  it('is cut short by force, during the propagation delay too', async () => {
    const { clock, events, drain } = drained({ propagationDelayMs: 1_000 });
    const outcome = drain.run();
    await clock.advanceAsync(10);
    expect(await drain.force()).toBe('forced');
    await clock.advanceAsync(20_000);
    expect([await outcome, events]).toEqual(['forced', ['0 stopServing', '10 closeNow']]);
  });

  it('can be forced without having begun', async () => {
    const { clock, events, drain } = drained();
    const forced = drain.force();
    expect(await Promise.all([forced, drain.run()])).toEqual(['forced', 'forced']);
    expect([events, clock.pendingTimers]).toEqual([['0 stopServing', '0 closeNow'], 0]);
  });

  it('is forced when the graceful close fails', async () => {
    const { clock, drain, broken } = drained();
    const outcome: Promise<DrainOutcome> = drain.run();
    await clock.advanceAsync(1);
    broken();
    expect(await outcome).toBe('forced');
  });

  it.each([
    [{ limitMs: -1 }, 'limitMs must be 0 or more, got -1'],
    [{ streamGraceMs: NaN }, 'streamGraceMs must be 0 or more, got NaN'],
    [{ limitMs: 100, propagationDelayMs: 100 }, 'got 100 and 100'],
  ])('refuses %j', (options, message) => {
    expect(() => drained(options)).toThrow(message);
  });
});

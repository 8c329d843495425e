import type { Logger } from 'pino';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { watchShadow } from './watch-shadow';

describe('watchShadow', () => {
  it('logs each change once, until it is stopped', async () => {
    const clock = new SimulatedClock();
    const lines: unknown[] = [];
    const logger = { info: (fields: object, message: string) => lines.push([fields, message]) } as unknown as Logger;
    let problem: string | undefined = 'starting';
    const stop = watchShadow(logger, clock, () => problem);
    await clock.advanceAsync(1_000);
    problem = undefined;
    await clock.advanceAsync(1_000);
    stop();
    problem = 'gone';
    await clock.advanceAsync(1_000);
    expect(lines).toEqual([
      [{ problem: 'starting' }, 'the shadow is away'],
      [{ problem: undefined }, 'the shadow serves'],
    ]);
  });
});

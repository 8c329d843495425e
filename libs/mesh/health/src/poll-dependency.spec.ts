import { SimulatedClock } from '@giftmesh/kernel-time';
import { HealthRegistry } from './health-registry';
import { ServingStatus } from './health-status';
import { pollDependency } from './poll-dependency';

describe('pollDependency', () => {
  it('is away until the first answer, follows the checks, counts a rejection as away, and stops', async () => {
    const clock = new SimulatedClock();
    const registry = new HealthRegistry();
    const answers: (() => string | undefined | Promise<string>)[] = [
      () => undefined,
      () => undefined,
      () => 'gone',
      () => Promise.reject(new Error('no answer')),
      () => {
        throw new Error('broken');
      },
      () => undefined,
    ];
    const changes: (string | undefined)[] = [];
    let asked = 0;
    const stop = pollDependency({
      registry,
      service: 'a.B',
      dependency: 'c',
      clock,
      intervalMs: 100,
      check: () => answers[asked++]?.(),
      onChange: (problem) => changes.push(problem),
    });
    expect(registry.status('a.B')).toBe(ServingStatus.NOT_SERVING);
    const seen: ServingStatus[] = [];
    await clock.advanceAsync(0);
    for (let round = 0; round < answers.length; round += 1) {
      seen.push(registry.status('a.B'));
      await clock.advanceAsync(100);
    }
    const { SERVING, NOT_SERVING } = ServingStatus;
    expect(seen).toEqual([SERVING, SERVING, NOT_SERVING, NOT_SERVING, NOT_SERVING, SERVING]);
    expect(changes).toEqual([undefined, 'gone', 'no answer', 'broken', undefined]);
    stop();
    await clock.advanceAsync(1_000);
    expect(asked).toBe(answers.length + 1);
  });
});

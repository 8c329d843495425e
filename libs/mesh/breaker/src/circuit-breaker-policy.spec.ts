import { StatusCode, type StatusError } from '@giftmesh/kernel-errors';
import { seededRandom } from '@giftmesh/kernel-random';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { wrapCall, wrapStream } from '@giftmesh/mesh-context';
import { circuitBreakerPolicy, type CircuitBreakerPolicyOptions } from './circuit-breaker-policy';
import { failed, outgoing } from './testing/outgoing';

/** A breaker around a target that does what it is told to. */
function guarded(options: CircuitBreakerPolicyOptions = {}) {
  const clock = new SimulatedClock();
  const decisions: string[] = [];
  const policy = circuitBreakerPolicy({
    clock,
    random: seededRandom(1),
    jitter: 0,
    samplesMin: 4,
    onDecision: (name, decision) => decisions.push(`${name} ${decision}`),
    ...options,
  });
  const target: { error: StatusError | undefined; tookMs: number; calls: number } = { error: undefined, tookMs: 0, calls: 0 }; // prettier-ignore
  const make = wrapCall([policy], async () => {
    target.calls += 1;
    clock.advance(target.tookMs);
    if (target.error !== undefined) throw target.error;
    return 'answer';
  });
  /** Makes a call; gives the reason it failed with, or `OK`. */
  const call = (method?: string): Promise<string> =>
    make(outgoing(clock, method === undefined ? {} : { method }), undefined).then(
      () => 'OK',
      (error: unknown) => (error as StatusError).reason,
    );
  const calls = async (count: number, method?: string): Promise<string[]> => {
    const ends: string[] = [];
    for (let index = 0; index < count; index += 1) ends.push(await call(method));
    return ends;
  };
  return { clock, decisions, policy, target, calls };
}

describe('circuitBreakerPolicy', () => {
  it('opens, refuses with the time to come back, ramps and closes', async () => {
    const { clock, decisions, policy, target, calls } = guarded({ rampShares: [0.5, 1], rampSamplesMin: 2 });
    target.error = failed('INTERNAL');
    expect(await calls(5)).toEqual(['INTERNAL', 'INTERNAL', 'INTERNAL', 'INTERNAL', 'CIRCUIT_OPEN']);
    clock.advance(1_000.5);
    let refusal: unknown;
    try {
      policy.begin?.(outgoing(clock));
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({ code: StatusCode.UNAVAILABLE, reason: 'CIRCUIT_OPEN', retryDelayMs: 4_000 });
    expect(policy.state()).toEqual({
      circuits: 1,
      'shop.v1.Shop': 'open',
      'shop.v1.Shop.samples': 0,
      'shop.v1.Shop.errorRatio': 0,
    });
    target.error = undefined;
    clock.advance(4_000);
    expect(await calls(2)).toEqual(['OK', 'OK']);
    expect(policy.state()).toMatchObject({ 'shop.v1.Shop': 'half-open', 'shop.v1.Shop.rampedShare': 0.5 });
    for (let second = 0; second < 2; second += 1) {
      clock.advance(1_000);
      await calls(2);
    }
    expect(policy.state()).toMatchObject({ 'shop.v1.Shop': 'closed' });
    expect(decisions).toEqual(
      ['opened', 'refused', 'refused', 'half-opened', 'closed'].map((word) => `breaker ${word}`),
    );
  });

  it('does not count its own refusals, nor those on the way', async () => {
    const { policy, target, calls } = guarded();
    target.error = failed('RESOURCE_EXHAUSTED', 'OVERLOADED');
    expect(await calls(100)).not.toContain('CIRCUIT_OPEN');
    target.error = failed('UNAVAILABLE', 'CIRCUIT_OPEN');
    await calls(100);
    expect(target.calls).toBe(200);
    expect(policy.state()).toMatchObject({ 'shop.v1.Shop': 'closed', 'shop.v1.Shop.samples': 0 });
  });

  it.each([
    ['service', ['/a.A/X'], ['/a.A/Y']],
    ['method', ['/a.A/X'], []],
    ['all', ['/a.A/X'], ['/a.A/Y', '/a.B/X']],
  ] as const)('keeps circuits apart by %s', async (keyBy, open, openToo) => {
    const { target, calls } = guarded({ keyBy });
    target.error = failed('INTERNAL');
    await calls(4, '/a.A/X');
    target.error = undefined;
    for (const method of ['/a.A/X', '/a.A/Y', '/a.B/X', '/a.B/Y']) {
      const isOpen = keyBy === 'all' || [...open, ...openToo].includes(method as never);
      expect(await calls(1, method)).toEqual([isOpen ? 'CIRCUIT_OPEN' : 'OK']);
    }
  });

  it('keeps no more circuits than its limit', async () => {
    let user = 0;
    const { policy, calls } = guarded({ keyBy: () => `user ${(user += 1)}`, keysMax: 3 });
    await calls(1_000);
    expect(policy.state()).toMatchObject({ circuits: 3, 'user 1000': 'closed' });
    policy.configure({ keysMax: 1 });
    expect(policy.state()).toMatchObject({ circuits: 1 });
  });

  it('opens on slow calls, and not on long streams', async () => {
    const slow = guarded({ slowMs: 100, slowRatio: 0.5 });
    slow.target.tookMs = 100;
    expect(await slow.calls(5)).toEqual(['OK', 'OK', 'OK', 'OK', 'CIRCUIT_OPEN']);

    const clock = new SimulatedClock();
    const policy = circuitBreakerPolicy({ clock, samplesMin: 1, slowMs: 100 });
    const stream = wrapStream([policy], async function* () {
      yield 1;
      clock.advance(60_000);
      yield 2;
    });
    for (let index = 0; index < 20; index += 1) {
      const messages: unknown[] = [];
      const call = outgoing(clock, { policy: { responseStream: true } });
      for await (const message of stream(call, undefined)) messages.push(message);
      expect(messages).toEqual([1, 2]);
    }
    expect(policy.state()).toMatchObject({ 'shop.v1.Shop': 'closed' });
  });

  it('opens on streams that fail, and leaves those alone that their readers left', async () => {
    const clock = new SimulatedClock();
    const policy = circuitBreakerPolicy({ clock, samplesMin: 4 });
    const target = { fails: false };
    const stream = wrapStream([policy], async function* () {
      yield 1;
      if (target.fails) throw failed('UNAVAILABLE');
      yield 2;
    });
    for (let index = 0; index < 20; index += 1) {
      const call = outgoing(clock);
      for await (const _ of stream(call, undefined)) {
        call.cancel(failed('CANCELLED'));
        break;
      }
    }
    expect(policy.state()).toMatchObject({ 'shop.v1.Shop': 'closed', 'shop.v1.Shop.samples': 0 });
    target.fails = true;
    const reasons: unknown[] = [];
    for (let index = 0; index < 5; index += 1) {
      try {
        for await (const _ of stream(outgoing(clock), undefined));
      } catch (error) {
        reasons.push((error as StatusError).reason);
      }
    }
    expect(reasons).toEqual(['UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE', 'CIRCUIT_OPEN']);
  });

  it('takes other options while it runs, and keeps the old ones when one is wrong', async () => {
    const { policy, target, calls } = guarded();
    expect(() => policy.configure({ samplesMin: 1, errorRatio: 7 })).toThrow('errorRatio');
    expect(() => policy.configure({ keyBy: 'user' as never, samplesMin: 1 })).toThrow('keyBy must be service');
    expect(() => policy.configure({ keysMax: 0, samplesMin: 1 })).toThrow('keysMax');
    expect(() => policy.configure({ samplesMin: 1, ratio: 1 } as object)).toThrow('unknown option ratio');
    target.error = failed('ABORTED');
    await calls(5);
    expect(policy.state()).toMatchObject({ 'shop.v1.Shop': 'closed' });
    policy.configure({ failureCodes: [StatusCode.ABORTED], windowMs: 20_000 });
    expect((await calls(5)).at(-1)).toBe('CIRCUIT_OPEN');
  });

  it.each<[object, string]>([
    [{ keyBy: 7 }, 'got 7'],
    [{ keysMax: 1.5 }, 'keysMax must be an integer, 1 to 100000, got 1.5'],
    [{ jitter: 2 }, 'jitter'],
    [{ openms: 2 }, 'unknown option openms'],
  ])('refuses to be made with %j', (options, message) => {
    expect(() => circuitBreakerPolicy(options)).toThrow(message);
  });

  it('works with nothing given', async () => {
    const policy = circuitBreakerPolicy();
    const call = outgoing(new SimulatedClock());
    policy.begin?.(call);
    policy.end?.(call, undefined);
    policy.end?.(outgoing(new SimulatedClock()), undefined);
    expect(policy.state()).toMatchObject({ 'shop.v1.Shop': 'closed', 'shop.v1.Shop.samples': 1 });
  });
});

import { StatusCode, type StatusError } from '@giftmesh/kernel-errors';
import { seededRandom } from '@giftmesh/kernel-random';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { metadataOf } from '@giftmesh/mesh-context';
import { adaptiveThrottlePolicy, type AdaptiveThrottlePolicyOptions } from './adaptive-throttle-policy';
import { failed, outgoing } from './testing/outgoing';

function throttled(options: AdaptiveThrottlePolicyOptions = {}) {
  const clock = new SimulatedClock();
  const decisions: string[] = [];
  const policy = adaptiveThrottlePolicy({
    clock,
    random: seededRandom(5),
    onDecision: (name, decision) => decisions.push(`${name} ${decision}`),
    ...options,
  });
  /** Makes so many calls that end with `error`; returns how many went out. */
  const calls = (count: number, error?: StatusError, method = '/a.A/X', priority = 0): number => {
    let sent = 0;
    for (let index = 0; index < count; index += 1) {
      const call = outgoing(clock, { method, policy: { priority } });
      try {
        policy.begin?.(call);
      } catch (refusal) {
        expect(refusal).toMatchObject({ code: StatusCode.RESOURCE_EXHAUSTED, reason: 'THROTTLED' });
        continue;
      }
      sent += 1;
      call.trailers = metadataOf(new Map());
      policy.end?.(call, error);
    }
    return sent;
  };
  return { clock, decisions, policy, calls };
}
const overloaded = failed('RESOURCE_EXHAUSTED', 'OVERLOADED');

describe('adaptiveThrottlePolicy', () => {
  it('lets all out while they are accepted, and few while they are refused', () => {
    const { calls, decisions, policy } = throttled();
    expect(calls(100, failed('NOT_FOUND'))).toBe(100);
    expect(calls(100, overloaded)).toBe(100);
    expect(decisions).toEqual([]);
    const sent = calls(2_000, overloaded);
    expect(sent).toBeLessThan(600);
    expect(decisions).toEqual(Array.from({ length: 2_000 - sent }, () => 'throttle throttled'));
    expect(policy.state()).toMatchObject({ keys: 1, 'a.A.requests': 200 + sent, 'a.A.accepts': 100 });
    expect(policy.state()['a.A.refusedShare']).toBeGreaterThan(0.8);
  });

  it('keeps services apart, as many as its limit', () => {
    const { calls, policy } = throttled({ keysMax: 2 });
    calls(500, overloaded, '/a.A/X');
    expect(calls(10, undefined, '/a.B/X')).toBe(10);
    expect(policy.state()).toMatchObject({ keys: 2 });
    calls(1, undefined, '/a.C/X');
    expect(calls(1, overloaded, '/a.A/X')).toBe(1);
  });

  it('counts nothing for ends that say nothing', () => {
    const { calls, policy } = throttled();
    calls(100, failed('CANCELLED'));
    calls(100, failed('UNAVAILABLE', 'CIRCUIT_OPEN'));
    policy.end?.(outgoing(new SimulatedClock()), undefined);
    expect(policy.state()).toMatchObject({ 'a.A.requests': 0 });
  });

  it('throttles important calls last', () => {
    const { calls } = throttled({ priorityClasses: [{ priorityMax: 10, acceptsMultiplier: 100 }] });
    calls(20);
    calls(1_000, overloaded);
    expect(calls(50, overloaded, '/a.A/X', 10)).toBe(50);
    expect(calls(50, overloaded, '/a.A/X', 40)).toBeLessThan(30);
  });

  it('takes other options while it runs, and keeps the old ones when one is wrong', () => {
    const { calls, policy } = throttled();
    expect(() => policy.configure({ acceptsMultiplier: 100, windowMs: 1 })).toThrow('windowMs');
    expect(() => policy.configure({ acceptsMultiplier: 100, shortDeadlineMs: -1 })).toThrow('shortDeadlineMs');
    calls(10);
    calls(1_000, overloaded);
    expect(calls(100, overloaded)).toBeLessThan(60);
    policy.configure({ acceptsMultiplier: 100, keysMax: 1, keyBy: 'service' });
    expect(calls(100, overloaded)).toBe(100);
  });

  it.each<[object, string]>([
    [{ keyBy: 'host' }, 'keyBy must be service, method, all or a function, got host'],
    [{ keysMax: 0 }, 'keysMax'],
    [{ aggression: 9 }, 'aggression'],
    [{ window: 9 }, 'unknown option window'],
  ])('refuses to be made with %j', (options, message) => {
    expect(() => adaptiveThrottlePolicy(options)).toThrow(message);
  });

  it('works with nothing given', () => {
    const policy = adaptiveThrottlePolicy();
    const call = outgoing(new SimulatedClock());
    policy.begin?.(call);
    policy.end?.(call, undefined);
    expect(policy.state()).toMatchObject({ 'shop.v1.Shop.accepts': 1 });
  });
});

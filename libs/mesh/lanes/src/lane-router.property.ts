import fc from 'fast-check';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { CallContext } from '@giftmesh/mesh-context';
import { undeclaredPolicy } from '@giftmesh/mesh-policy';
import { BASE_LANE, LANES_MAX, laneRouter, markCall, routeLane, type LaneTarget } from './index';

const lane: fc.Arbitrary<string> = fc.constantFrom(BASE_LANE, 'canary', 'blue', 'unknown');
const policy = undeclaredPolicy({ requestStream: false, responseStream: false });

function callIn(name: string): CallContext {
  const call = new CallContext({ method: '/a.B/C', policy, clock: new SimulatedClock() });
  markCall(call, { lane: name });
  return call;
}

describe('routeLane', () => {
  it('stays in the lane while that is healthy, goes to the base lane otherwise, and never to a third', () => {
    fc.assert(
      fc.property(lane, fc.uniqueArray(lane), (name, healthy) => {
        const route = routeLane(name, (each) => healthy.includes(each));
        const isOwn = name === BASE_LANE || healthy.includes(name);
        expect(route).toEqual({ lane: isOwn ? name : BASE_LANE, kind: isOwn ? 'lane' : 'fallback' });
      }),
    );
  });
});

describe('laneRouter', () => {
  it('picks the target of the lane, and falls back as its health says', () => {
    let isHealthy = true;
    const decisions: string[] = [];
    const router = laneRouter({
      targets: { base: { target: 'b' }, canary: { target: 'c', healthy: () => isHealthy } },
      onDecision: (_policy, decision, call) => decisions.push(`${decision} ${call.method}`),
    });
    expect(['canary', 'base', 'unknown'].map((name) => router.pick(callIn(name)))).toEqual(['c', 'b', 'b']);
    isHealthy = false;
    expect([router.pick(callIn('canary')), router.pick()]).toEqual(['b', 'b']);
    expect(decisions).toEqual(['fallback /a.B/C', 'fallback /a.B/C']);
    expect(router.state()).toEqual({ lanes: 2, healthy: 1, baseHealthy: true, fallbacks: 2 });
  });

  it.each<[string, Record<string, LaneTarget<number>>]>([
    ['there must be a lane base, got canary', { canary: { target: 1 } }],
    [`not a lane's name: "Canary"`, { base: { target: 1 }, Canary: { target: 1 } }],
    [
      `there may be ${LANES_MAX} lanes, got ${LANES_MAX + 1}`,
      Object.fromEntries(
        ['base', ...Array.from({ length: LANES_MAX }, (_, index) => `l${index}`)].map((name) => [name, { target: 1 }]),
      ),
    ],
  ])('refuses targets, and keeps those it had: %s', (message, targets) => {
    expect(() => laneRouter({ targets })).toThrow(message);
    const router = laneRouter({ targets: { base: { target: 0 } } });
    expect(() => router.configure({ targets })).toThrow(message);
    expect(router.pick()).toBe(0);
    router.configure({ targets: { base: { target: 2 } } });
    expect(router.pick()).toBe(2);
  });
});

import { seededRandom } from '@giftmesh/kernel-random';
import { CallContext, metadataOf, OutgoingCall } from '@giftmesh/mesh-context';
import { DagorDecider } from './dagor-decider';
import { earlyAdmission } from './early-admission';
import { LEVEL_OPEN, priorities, priorityOf, priorityPropagation, setPriority } from './index';
import { SimulatedLoop } from './testing/simulated-loop';

const policy = {
  deadlineMs: 500,
  priority: 20,
  idempotency: 'unknown',
  requestStream: false,
  responseStream: false,
} as const;

describe('priorities', () => {
  const given = (trust: boolean, metadata: Record<string, string>) => {
    const decisions: string[] = [];
    const loop = new SimulatedLoop();
    const assign = priorities({
      trust,
      random: seededRandom(1),
      clock: loop,
      onDecision: (_policy, decision) => void decisions.push(decision),
    });
    const call = new CallContext({
      method: '/a.B/C',
      policy,
      clock: loop,
      metadata: metadataOf(new Map(Object.entries(metadata))),
    });
    void assign.begin?.(call);
    return {
      call,
      decisions,
      atBest: assign.atBest({ metadata: call.metadata, policy }),
      priority: priorityOf(call) as number,
    };
  };

  it('are believed between services, and assigned at the edge whatever a client says', () => {
    expect(given(true, { 'x-mesh-priority': '10.5' })).toMatchObject({ priority: 1_285, atBest: 1_285, decisions: [] });
    const edge = given(false, { 'x-mesh-priority': '0.0' });
    expect([Math.floor(edge.priority / 128), edge.atBest, edge.decisions]).toEqual([20, 20 * 128, ['ignored']]);
    const malformed = given(true, { 'x-mesh-priority': '10.999' });
    expect([Math.floor(malformed.priority / 128), malformed.decisions]).toEqual([20, ['malformed']]);
  });

  it('are drawn for counting as they are given: calls without a user are spread over all user priorities', () => {
    const assign = priorities({ trust: true, random: seededRandom(1), clock: new SimulatedLoop() });
    const drawn = (metadata: Record<string, string>) =>
      Array.from({ length: 500 }, () =>
        assign.drawn({ metadata: metadataOf(new Map(Object.entries(metadata))), policy }),
      );
    const spread = drawn({});
    expect(new Set(spread).size).toBeGreaterThan(100);
    expect(new Set(spread.map((priority) => Math.floor(priority / 128)))).toEqual(new Set([20]));
    expect(new Set(drawn({ 'x-mesh-priority': '10.5' }))).toEqual(new Set([1_285]));
    expect(new Set(drawn({ 'x-user-id': '42' })).size).toBe(1);
  });

  it('let a server that refuses by metadata open step by step, not all at once or never', () => {
    const loop = new SimulatedLoop();
    const assign = priorities({ trust: false, random: seededRandom(1), clock: loop });
    const levels: number[] = [];
    let nowMs = 0;
    const decider = new DagorDecider();
    const control = { level: LEVEL_OPEN };
    const early = earlyAdmission({
      priorities: assign,
      level: () => control.level,
      arrives: (_arrival, priority) => void decider.arrives(priority, nowMs),
    });
    const arrival = { method: '/a.B/C', policy, metadata: metadataOf(new Map()) };
    // Jammed for half a second; then it serves what is more important, and could serve half of the others as well.
    for (let window = 0; window < 15; window += 1) {
      const jammed = window < 5;
      for (let call = 0; call < 250; call += 1) {
        const important = call % 5 === 0;
        if (!important && early.refusal(arrival) !== undefined) continue;
        if (decider.arrives(important ? 0 : assign.drawn(arrival), nowMs) && !jammed) decider.done();
      }
      nowMs += 100;
      decider.window({
        nowMs,
        busy: jammed ? 1 : 0.5,
        waitedMs: jammed ? 1_000_000 : 0,
        queuedMs: jammed ? 1_000_000 : 0,
      });
      control.level = decider.level;
      levels.push(decider.level - 20 * 128);
    }
    // In the jam nobody got in at all, and so nothing was served.
    expect(levels[4]).toBe(-1 - 20 * 128);
    expect(levels.find((level) => level >= 0)).toBeLessThan(127);
  });

  it('are the same for a user everywhere', () => {
    const [one, two] = [given(false, { 'x-user-id': '42' }), given(true, { 'x-user-id': '42' })];
    expect([one.priority, one.atBest]).toEqual([two.priority, two.priority]);
  });

  it('are the least for calls that come last, whatever their caller says, and go on as such', () => {
    const isLeast = ({ method }: { readonly method: string }): boolean => method === '/a.B/Least';
    const loop = new SimulatedLoop();
    const begin = (method: string, metadata: Record<string, string>, parent?: CallContext) => {
      const call = new CallContext({
        method,
        policy,
        clock: loop,
        parent,
        metadata: metadataOf(new Map(Object.entries(metadata))),
      });
      void priorities({ trust: true, random: seededRandom(1), clock: loop, isLeast }).begin?.(call);
      return priorityOf(call);
    };
    expect(begin('/a.B/Least', { 'x-mesh-priority': '10.5' })).toBe(127 * 128 + 5);
    expect(begin('/a.B/Other', { 'x-mesh-priority': '10.5' })).toBe(10 * 128 + 5);
    const parent = new CallContext({ method: '/a.B/C', policy, clock: loop });
    setPriority(parent, 10 * 128 + 7);
    expect(begin('/a.B/Least', {}, parent)).toBe(127 * 128 + 7);
    const sent = (method: string) => {
      const call = new OutgoingCall({ method, policy, clock: loop, parent });
      void priorityPropagation(isLeast).begin?.(call);
      return call.metadata.get('x-mesh-priority');
    };
    expect([sent('/a.B/Least'), sent('/a.B/Other')]).toEqual(['127.7', '10.7']);
  });

  it('are inherited by calls within this process', () => {
    const { call } = given(true, { 'x-mesh-priority': '10.5' });
    const inner = new CallContext({ method: '/a.B/D', policy, clock: new SimulatedLoop(), parent: call });
    void priorities({ trust: true, random: seededRandom(1) }).begin?.(inner);
    expect(priorityOf(inner)).toBe(1_285);
  });
});

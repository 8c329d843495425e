import { setImmediate } from 'node:timers/promises';
import type { StatusError } from '@giftmesh/kernel-errors';
import { CallContext, callCancelled, metadataOf, Passage } from '@giftmesh/mesh-context';
import { admission, LEVEL_OPEN, LEVEL_TRAILER, setPriority, type Admission, type AdmissionOptions } from './index';
import { SimulatedLoop } from './testing/simulated-loop';
import { SimulatedServer } from './testing/simulated-server';

const policy = {
  deadlineMs: 500,
  priority: 20,
  idempotency: 'unknown',
  requestStream: false,
  responseStream: false,
} as const;

function setup(options: AdmissionOptions = {}) {
  const loop = new SimulatedLoop();
  const decisions: string[] = [];
  const control = admission({
    clock: loop,
    loop,
    onDecision: (_policy, decision) => void decisions.push(decision),
    ...options,
  });
  const call = (priority = 0, metadata: Record<string, string> = {}, endless = false): CallContext => {
    const made = new CallContext({
      method: '/a.B/C',
      policy: endless ? { ...policy, deadlineMs: undefined, responseStream: true } : policy,
      clock: loop,
      metadata: metadataOf(new Map(Object.entries(metadata))),
    });
    setPriority(made, priority);
    return made;
  };
  /** Lets calls in; says how each fared so far. */
  const enter = (of: CallContext) => {
    const passage = new Passage([control], of);
    const result = { state: 'waits' as string, leave: () => passage.leave(undefined) };
    const refused = (error: unknown): void => {
      result.state = (error as StatusError).metadata.shedBy ?? (error as StatusError).reason;
    };
    try {
      const waiting = passage.enter();
      if (waiting === undefined) result.state = 'runs';
      else waiting.then(() => (result.state = 'runs'), refused);
    } catch (error) {
      refused(error);
    }
    return result;
  };
  return { loop, control, decisions, call, enter };
}

describe('admission', () => {
  it('runs as many as the limit lets, and the others by priority as places come free', async () => {
    const { loop, control, call, enter } = setup({ concurrency: { kind: 'fixed', limit: 2 } });
    const first = [enter(call()), enter(call())];
    const [low, high] = [enter(call(300)), enter(call(100))];
    expect([first[0]?.state, first[1]?.state, low?.state, high?.state]).toEqual(['runs', 'runs', 'waits', 'waits']);
    expect([control.running, control.waiting]).toEqual([2, 2]);
    first[0]?.leave();
    await loop.run(10);
    expect([low?.state, high?.state, control.running, control.waiting]).toEqual(['waits', 'runs', 2, 1]);
    high?.leave();
    first[1]?.leave();
    await loop.run(20);
    expect([low?.state, control.running, control.waiting]).toEqual(['runs', 1, 0]);
    low?.leave();
    low?.leave();
    expect(control.running).toBe(0);
  });

  it('displaces the least important when its queue is full, or refuses the newcomer', async () => {
    const { loop, control, call, enter, decisions } = setup({ concurrency: { kind: 'fixed', limit: 1 }, queueMax: 2 });
    enter(call());
    const [a, b] = [enter(call(50)), enter(call(70))];
    const worse = enter(call(70));
    const better = enter(call(60));
    await setImmediate();
    expect([a?.state, b?.state, worse.state, better.state, control.waiting]).toEqual([
      'waits',
      'queue',
      'queue',
      'waits',
      2,
    ]);
    expect(decisions).toEqual(['queue', 'queue']);
    await loop.run(1);
  });

  it('counts what it sheds by business priority, before and behind its queue', () => {
    const { control, call, enter } = setup({ concurrency: { kind: 'fixed', limit: 1 }, queueMax: 1 });
    expect([...control.sheds()]).toEqual([]);
    enter(call(2 * 128));
    enter(call(10 * 128 + 5));
    // 10 gives way to 3; the 40s find nobody behind them.
    enter(call(3 * 128 + 127));
    enter(call(40 * 128));
    enter(call(40 * 128 + 127));
    expect([...control.sheds()]).toEqual([
      [10, 1],
      [40, 2],
    ]);
  });

  it('forgets a waiting call that its caller gave up, and gives its turn to another', async () => {
    const { loop, control, call, enter } = setup({ concurrency: { kind: 'fixed', limit: 1 } });
    const running = enter(call());
    const gone = call(10);
    const states = [enter(gone), enter(call(20))];
    gone.cancel(callCancelled(gone.method));
    expect(control.waiting).toBe(1);
    running.leave();
    await loop.run(10);
    expect(states.map(({ state }) => state)).toEqual(['CANCELLED', 'runs']);
    expect(control.running).toBe(1);
  });

  it('lets endless streams in without a turn or a place', () => {
    const { control, call, enter } = setup({ concurrency: { kind: 'fixed', limit: 1 } });
    enter(call());
    const stream = enter(call(0, {}, true));
    expect([stream.state, control.running]).toEqual(['runs', 1]);
    stream.leave();
    expect(control.running).toBe(1);
  });

  it('keeps the place of a cancelled call until its handler ends, or has had its time', async () => {
    const { loop, control, call } = setup({ concurrency: { kind: 'fixed', limit: 5 } });
    const [one, other] = [call(), call()];
    const passages = [one, other].map((of) => new Passage([control], of));
    for (const passage of passages) {
      void passage.enter();
      passage.leave(callCancelled('/a.B/C'), true);
    }
    expect(control.running).toBe(2);
    passages[0]?.done();
    passages[0]?.done();
    expect(control.running).toBe(1);
    await loop.run(11_000);
    const later = new Passage([control], call());
    void later.enter();
    later.leave(undefined);
    expect(control.running).toBe(0);
    passages[1]?.done();
    expect(control.running).toBe(0);
  });

  it('leaves a place that a call within this process has, to that call', () => {
    const { loop, control, call, enter } = setup();
    const outer = call();
    const entered = enter(outer);
    const inner = new CallContext({
      method: '/a.B/D',
      policy: { ...policy, deadlineMs: undefined, responseStream: true },
      clock: loop,
      parent: outer,
    });
    enter(inner).leave();
    expect(control.running).toBe(1);
    entered.leave();
    expect(control.running).toBe(0);
  });

  it('starts no more handlers in a turn of the event loop than its slice has time for', async () => {
    const { loop, control, call, enter } = setup({ sliceMs: 5 });
    const states = [];
    for (let index = 0; index < 4; index += 1) {
      states.push(enter(call()));
      loop.spin(3);
    }
    expect(states.map(({ state }) => state)).toEqual(['runs', 'runs', 'waits', 'waits']);
    await loop.run(loop.monotonicMs() + 20);
    expect([states.map(({ state }) => state), control.waiting]).toEqual([['runs', 'runs', 'runs', 'runs'], 0]);
  });

  it('tells its level in the trailers of answers and refusals while it sheds, with no retry, and opens by itself', async () => {
    const server = new SimulatedServer({ costs: { receiveMs: 0.1, computeMs: 4, holdMs: 0 }, admission: {}, seed: 1 });
    const control = server.control as Admission;
    const served = new CallContext({ method: '/a.B/C', policy, clock: server.loop });
    const refused = new CallContext({ method: '/a.B/C', policy, clock: server.loop });
    const level = new Promise<number>((resolve) => {
      server.loop.schedule(900, () => {
        setPriority(refused, LEVEL_OPEN);
        expect(() => control.begin?.(refused)).toThrow('more important calls');
        control.end?.(served, undefined);
        resolve(control.level);
      });
    });
    await server.run([{ ms: 1_000, rate: 1_000 }]);
    expect(await level).toBeLessThan(LEVEL_OPEN);
    expect(served.trailers).toEqual(new Map([[LEVEL_TRAILER, String(await level)]]));
    expect(refused.trailers).toEqual(new Map([...served.trailers, ['grpc-retry-pushback-ms', '-1']]));
    // Nobody has come any more.
    await server.loop.run(3_000);
    expect(control.level).toBe(LEVEL_OPEN);
    control.end?.(refused, undefined);
    const later = new CallContext({ method: '/a.B/C', policy, clock: server.loop });
    control.end?.(later, undefined);
    expect(later.trailers.size).toBe(0);
  });

  it('ignores reports from outside and malformed ones, and counts both', () => {
    const report = { 'x-mesh-shed': '20:5' };
    const outside = setup();
    expect(outside.enter(outside.call(0, report)).state).toBe('runs');
    expect(outside.decisions).toEqual(['ignored']);
    const inside = setup({ trustReports: true });
    expect(inside.enter(inside.call(0, report)).state).toBe('runs');
    expect(inside.enter(inside.call(0, { 'x-mesh-shed': '20:5,20:6' })).state).toBe('runs');
    expect(inside.decisions).toEqual(['malformed']);
  });

  it('changes while it runs, and keeps what it was when a setting is wrong', () => {
    const { control } = setup();
    control.configure({ admission: { kind: 'codel' }, concurrency: { kind: 'fixed', limit: 3 }, queueMax: 5 });
    const changed = control.state?.();
    expect(changed).toMatchObject({ admission: 'codel', concurrencyLimit: 3, queueMax: 5, open: true });
    for (const [settings, message] of [
      [{ queueMax: 0 }, 'queueMax must be 1 to 1000000, got 0'],
      [{ admission: { kind: 'dagor', targetMs: NaN } }, 'targetMs must be 1 to 10000, got NaN'],
      [{ admission: { kind: 'codel', targetMs: 200 } }, 'targetMs must be 0 to 100, got 200'],
      [{ concurrency: { kind: 'fixed', limit: -1 } }, 'limit must be 1 to 1000000, got -1'],
      [{ admission: { kind: 'magic' } }, 'no admission of kind "magic"'],
      [{ concurrency: { kind: 'magic' } }, 'no concurrency of kind "magic"'],
    ] as const) {
      expect(() => control.configure(settings as never)).toThrow(message);
    }
    expect(control.state?.()).toEqual(changed);
  });
});

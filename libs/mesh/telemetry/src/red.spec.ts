import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { SimulatedClock } from '@giftmesh/kernel-time';
import {
  CallContext,
  metadataOf,
  OutgoingCall,
  type Call,
  type CallMetadata,
  type ServerPolicy,
} from '@giftmesh/mesh-context';
import { undeclaredPolicy } from '@giftmesh/mesh-policy';
import { HANG } from '@giftmesh/mesh-server/testing';
import {
  decisionCounter,
  MetricsRegistry,
  OTHER,
  policyStates,
  prometheusText,
  redClientPolicy,
  redServerPolicy,
} from './index';
import { readPrometheus } from './testing/read-prometheus';
import { clientOf, closeAll, ECHO, serve, until } from './testing/tracing-kit';

afterEach(closeAll);

const policy = undeclaredPolicy({ requestStream: false, responseStream: false });

/** Numbers of calls by `method code`, and of those under way by method, as a scraper sees them. */
function scrape(registry: MetricsRegistry, side: 'server' | 'client') {
  const { samples } = readPrometheus(prometheusText(registry.snapshot()));
  const of = (name: string) => samples.filter((sample) => sample.name === name);
  const short = (method = ''): string => method.replace(`${ECHO}/`, '');
  return {
    calls: Object.fromEntries(
      of(`rpc_${side}_call_duration_seconds_count`).map(({ labels, value }) => [
        `${short(labels['rpc_method'])} ${labels['rpc_response_status_code']}`,
        value,
      ]),
    ),
    active: Object.fromEntries(
      of(`rpc_${side}_active_calls`).map(({ labels, value }) => [short(labels['rpc_method']), value]),
    ),
    sum: of(`rpc_${side}_call_duration_seconds_sum`).reduce((sum, { value }) => sum + value, 0),
  };
}

describe('RED metrics', () => {
  it('count some calls apart, those that are refused early too, under a label of their own', () => {
    const clock = new SimulatedClock();
    const registry = new MetricsRegistry();
    const has = (metadata: CallMetadata) => metadata.get('x-test') !== undefined;
    const apart = {
      label: 'test',
      isApart: ({ metadata }: Call & { metadata?: CallMetadata }) => has(metadata as CallMetadata),
      isApartBy: has,
    };
    const red = redServerPolicy({ registry, clock, apart });
    for (const metadata of [metadataOf(new Map()), metadataOf(new Map([['x-test', '1']]))]) {
      const call = new CallContext({ method: '/a.B/C', policy, clock, metadata });
      void red.begin?.(call);
      red.end?.(call, undefined);
      const full = new StatusError({ code: StatusCode.RESOURCE_EXHAUSTED, reason: 'OVERLOADED', message: 'full' });
      red.refused?.({ method: '/a.B/C', policy, metadata }, full);
    }
    const family = registry.snapshot().find(({ name }) => name === 'rpc.server.call.duration');
    expect(family?.points.map(({ labels }) => labels.slice(1).join(' ')).sort()).toEqual([
      'OK false',
      'OK true',
      'RESOURCE_EXHAUSTED false',
      'RESOURCE_EXHAUSTED true',
    ]);
  });

  it('count and time calls by method and code, on both sides', async () => {
    const registry = new MetricsRegistry();
    const refusing: ServerPolicy = {
      name: 'refusing',
      begin: (call) => {
        if (call.metadata.get('x-refuse') === undefined) return;
        throw new StatusError({ code: StatusCode.RESOURCE_EXHAUSTED, reason: 'OVERLOADED', message: 'full' });
      },
    };
    const server = await serve(
      {
        say: (request) => {
          if (request.text === 'oops') throw new Error('oops');
          return { text: request.text, index: 0 };
        },
      },
      redServerPolicy({ registry }),
      refusing,
    );
    const client = clientOf(server, redClientPolicy({ registry }));
    for (const text of ['a', 'b', 'c']) await client.say({ text });
    await expect(client.say({ text: 'oops' })).rejects.toMatchObject({ code: StatusCode.INTERNAL });
    await expect(client.say({ text: 'a' }, { metadata: { 'x-refuse': '1' } })).rejects.toMatchObject({
      reason: 'OVERLOADED',
    });
    for await (const answer of client.repeat({ text: 'x', times: 2 })) expect(answer.text).toBe('x');
    const endless = client.repeat({ text: 'x', times: 1, behaviour: HANG });
    await endless.next();
    expect([scrape(registry, 'server').active, scrape(registry, 'client').active]).toEqual([
      { Say: 0, Repeat: 1 },
      { Say: 0, Repeat: 1 },
    ]);
    await endless.return?.();
    const calls = {
      'Say OK': 3,
      'Say INTERNAL': 1,
      'Say RESOURCE_EXHAUSTED': 1,
      'Repeat OK': 1,
      'Repeat CANCELLED': 1,
    };
    await until(() => scrape(registry, 'server').calls['Repeat CANCELLED'] === 1);
    for (const side of ['server', 'client'] as const) {
      const seen = scrape(registry, side);
      expect([seen.calls, seen.active]).toEqual([calls, { Say: 0, Repeat: 0 }]);
      expect(seen.sum).toBeGreaterThan(0);
    }
  });

  it('measure by the given clock, in seconds', () => {
    const registry = new MetricsRegistry();
    const clock = new SimulatedClock();
    const red = redServerPolicy({ registry, clock });
    const call = new CallContext({ method: '/a.B/C', policy, clock });
    void red.begin?.(call);
    clock.advance(1_500);
    expect(red.state?.()).toEqual({ inFlight: 1, methods: 1 });
    red.end?.(call, undefined);
    const { samples } = readPrometheus(prometheusText(registry.snapshot()));
    const bucket = (le: string) =>
      samples.find(({ name, labels }) => name.endsWith('_bucket') && labels['le'] === le)?.value;
    expect([bucket('1.024'), bucket('2.048'), scrape(registry, 'server').sum]).toEqual([0, 1, 1.5]);
  });

  it('are bounded in methods and codes, whatever comes', () => {
    const registry = new MetricsRegistry();
    const clock = new SimulatedClock();
    const red = redClientPolicy({ registry, clock, methodsMax: 2 });
    for (const method of ['/a/A', '/a/B', '/a/C', '/a/D', '/a/A']) {
      const call = new OutgoingCall({ method, policy, clock });
      red.begin?.(call);
      red.end?.(call, new StatusError({ code: 99 as StatusCode, reason: 'X', message: '' }));
    }
    expect(scrape(registry, 'client')).toMatchObject({
      calls: { 'a/A UNKNOWN': 2, 'a/B UNKNOWN': 1, [`${OTHER} UNKNOWN`]: 2 },
      active: { 'a/A': 0, 'a/B': 0, [OTHER]: 0 },
    });
    expect(() => redServerPolicy({ registry, methodsMax: 0 })).toThrow(
      'methodsMax must be an integer of at least 1, got 0',
    );
    expect(() => redClientPolicy({ registry })).toThrow('is there already');
  });
});

describe('metrics of policies', () => {
  it('count decisions by policy, decision and method', () => {
    const registry = new MetricsRegistry();
    const onDecision = decisionCounter(registry);
    const call = (method: string) => new OutgoingCall({ method, policy, clock: new SimulatedClock() });
    onDecision('retry', 'retry', call('/a.B/C'));
    onDecision('retry', 'retry', call('/a.B/C'));
    onDecision('retry', 'spent', call('/a.B/C'));
    onDecision('breaker', 'open', call('/a.B/D'));
    expect(readPrometheus(prometheusText(registry.snapshot())).samples).toEqual(
      [
        ['retry', 'retry', 'a.B/C', 2],
        ['retry', 'spent', 'a.B/C', 1],
        ['breaker', 'open', 'a.B/D', 1],
      ].map(([name, decision, method, value]) => ({
        name: 'mesh_policy_decisions_total',
        labels: { policy: name, decision, rpc_method: method },
        value,
      })),
    );
  });

  it('stay bounded when decisions are not', () => {
    const registry = new MetricsRegistry();
    const onDecision = decisionCounter(registry);
    for (let index = 0; index < 3_000; index += 1) {
      onDecision(
        'p',
        `decision ${index % 1_500}`,
        new OutgoingCall({ method: '/a/B', policy, clock: new SimulatedClock() }),
      );
    }
    const points = registry.snapshot()[0]?.points ?? [];
    const total = points.reduce((sum, point) => sum + ('value' in point ? point.value : 0), 0);
    expect([points.length, total]).toEqual([1_001, 3_000]);
  });

  it('show the state of policies', () => {
    const registry = new MetricsRegistry();
    policyStates(registry, 'station', [
      { name: 'breaker', state: () => ({ mode: 'open', failures: 3, ramping: true }) },
      { name: 'silent' },
    ]);
    policyStates(registry, 'ledger', [{ name: 'breaker', state: () => ({ failures: 0 }) }]);
    const { samples } = readPrometheus(prometheusText(registry.snapshot()));
    expect(samples.map(({ labels, value }) => [...Object.values(labels), value].join(' '))).toEqual([
      'station breaker mode open 1',
      'station breaker failures 3',
      'station breaker ramping 1',
      'ledger breaker failures 0',
    ]);
  });
});

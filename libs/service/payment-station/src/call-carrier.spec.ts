import { seededRandom } from '@giftmesh/kernel-random';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { CallContext, Passage, runInCall } from '@giftmesh/mesh-context';
import { CallMarks, markCall, type Marks } from '@giftmesh/mesh-lanes';
import { TraceIds, TraceSampler, tracingServerPolicy, type TracingOptions } from '@giftmesh/mesh-telemetry';
import { callCarrier } from './call-carrier';

const ids = new TraceIds(seededRandom(5));
const SPAN = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags: 1 };
const tracer = { startSpan: () => ({ spanContext: () => SPAN }) } as unknown as TracingOptions['tracer'];
const trace = { traceparent: `00-${SPAN.traceId}-${SPAN.spanId}-01` };

function carried(recorded: boolean, marks?: Marks): ReturnType<typeof callCarrier> {
  const policy = {
    deadlineMs: undefined,
    priority: 0,
    idempotency: 'idempotent',
    requestStream: false,
    responseStream: false,
  } as const;
  const call = new CallContext({ method: '/x/ChangeAssets', policy, clock: new SimulatedClock() });
  const sampler = new TraceSampler({ ratio: 1 });
  void new Passage([tracingServerPolicy({ sampler, ids, tracer: recorded ? tracer : undefined })], call).enter();
  if (marks !== undefined) markCall(call, new CallMarks(marks, [{ key: 'user', value: '7' }]));
  return runInCall(call, callCarrier);
}

describe('what travels with the events of a call', () => {
  it.each<[string, ReturnType<typeof callCarrier>, object | undefined]>([
    ['nothing outside of calls', callCarrier(), undefined],
    ['nothing of a call that is neither recorded nor marked', carried(false), undefined],
    ["nothing of others' baggage", carried(false, {}), undefined],
    ['the trace of a recorded call', carried(true), trace],
    ['the marks of a marked one', carried(false, { lane: 'blue' }), { baggage: 'mesh.lane=blue' }],
    ['both', carried(true, { lane: 'blue' }), { ...trace, baggage: 'mesh.lane=blue' }],
  ])('is %s', (_, actual, expected) => {
    expect(actual).toEqual(expected);
  });
});

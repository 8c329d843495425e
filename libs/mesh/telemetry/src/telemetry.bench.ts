// What telemetry costs a call, in nanoseconds: the making of the call's context is measured alone and taken off. Each row is the
// median of several rounds that alternate with the others. Run after a build: node dist/telemetry.bench.js
import { AlwaysOnSampler, TracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { seededRandom } from '@giftmesh/kernel-random';
import { systemClock } from '@giftmesh/kernel-time';
import { CallContext, metadataOf, OutgoingCall, type ClientPolicy, type ServerPolicy } from '@giftmesh/mesh-context';
import { undeclaredPolicy } from '@giftmesh/mesh-policy';
import {
  decisionCounter,
  MetricsRegistry,
  redClientPolicy,
  redServerPolicy,
  TraceIds,
  TraceSampler,
  tracingClientPolicy,
  tracingServerPolicy,
} from './index';

const METHOD = '/bench.Echo/Echo';
const policy = undeclaredPolicy({ requestStream: false, responseStream: false });
const headers = (flags: string) =>
  metadataOf(new Map([['traceparent', `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-${flags}`]]));

const nowhere: SpanProcessor = {
  onStart: () => undefined,
  onEnd: () => undefined,
  forceFlush: async () => undefined,
  shutdown: async () => undefined,
};
const ids = new TraceIds(seededRandom(1));
const tracer = new TracerProvider({
  sampler: new AlwaysOnSampler(),
  idGenerator: ids,
  spanProcessors: [nowhere],
}).getTracer('bench');
const registry = new MetricsRegistry();
const decisions = decisionCounter(registry);
const red = redServerPolicy({ registry });
const redClient = redClientPolicy({ registry });
const tracing = (ratio: number): ServerPolicy =>
  tracingServerPolicy({ tracer, ids, sampler: new TraceSampler({ ratio }) });
const tracingClient: ClientPolicy = tracingClientPolicy({ tracer, ids, sampler: new TraceSampler({ ratio: 0 }) });

function served(
  policies: readonly ServerPolicy[],
  metadata = metadataOf(new Map<string, string>()),
): () => CallContext {
  return () => {
    const call = new CallContext({ method: METHOD, policy, clock: systemClock, metadata });
    for (const each of policies) void each.begin?.(call);
    for (const each of policies) each.end?.(call, undefined);
    return call;
  };
}

function sent(policies: readonly ClientPolicy[], parent: CallContext): () => OutgoingCall {
  return () => {
    const call = new OutgoingCall({ method: METHOD, policy, clock: systemClock, parent });
    for (const each of policies) each.begin?.(call);
    for (const each of policies) each.end?.(call, undefined);
    call.finish();
    return call;
  };
}

const unrecorded = served([tracing(0)])();
const recorded = served([tracing(1)])();
const server = served([]);
const client = sent([], unrecorded);
const rows: [string, () => unknown, () => unknown][] = [
  ['server: tracing, not sampled, no header', served([tracing(0)]), server],
  ['server: tracing, not sampled, header', served([tracing(0)], headers('00')), server],
  ['server: RED', served([red]), server],
  ['server: tracing and RED, not sampled', served([tracing(0), red], headers('00')), server],
  ['server: tracing and RED, 1 % sampled', served([tracing(0.01), red]), server],
  ['server: tracing and RED, sampled', served([tracing(1), red], headers('01')), server],
  ['client: tracing and RED, not sampled', sent([tracingClient, redClient], unrecorded), client],
  ['client: tracing and RED, sampled', sent([tracingClient, redClient], recorded), client],
  ['a decision counted', () => decisions('retry', 'spent', unrecorded), () => undefined],
];

const CALLS = process.argv.includes('--quick') ? 20_000 : 100_000;
const ROUNDS = 11;

function nsPerCall(run: () => unknown): number {
  const startMs = systemClock.monotonicMs();
  for (let index = 0; index < CALLS; index += 1) run();
  return ((systemClock.monotonicMs() - startMs) / CALLS) * 1e6;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

const measured = rows.map(() => [] as number[]);
for (let round = -2; round < ROUNDS; round += 1) {
  rows.forEach(([, run, baseline], index) => {
    const ns = nsPerCall(run) - nsPerCall(baseline);
    // The first rounds warm up.
    if (round >= 0) measured[index]?.push(ns);
  });
}
rows.forEach(([name], index) => console.log(`${name}: ${median(measured[index] ?? []).toFixed(0)} ns`));

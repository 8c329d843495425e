import { context, SpanKind, trace, type Context, type Tracer } from '@opentelemetry/api';
import { contextKey, type ClientPolicy, type OutgoingCall } from '@giftmesh/mesh-context';
import { CallTrace, isReal, traceKey } from './call-trace';
import { ATTEMPT, endSpan, methodName, setPeer, startAttributes } from './rpc-span';
import { formatTraceParent, SAMPLED_FLAG, TRACEPARENT_HEADER } from './trace-parent';
import { TraceRoots, type TracingOptions } from './trace-roots';
import { TRACESTATE_HEADER } from './trace-state';

/**
 * A span for each outgoing call of a recorded trace, as a child of the call that the running code serves, or of the span that is
 * active there. Calls that are not recorded carry their `traceparent` too (flag 00): the decision travels.
 *
 * A call outside of any other begins a trace of its own. To be the first of a client's policies.
 */
export function tracingClientPolicy(options: TracingOptions): ClientPolicy {
  const { tracer, attributes = {}, endAttributes } = options;
  const roots = new TraceRoots(options);
  const ownKey = contextKey<CallTrace>('client span');
  let recorded = 0;

  const childOf = (call: OutgoingCall, parent: Context, maker: Tracer): CallTrace | undefined => {
    const start = { kind: SpanKind.CLIENT, attributes: startAttributes(call.method, attributes) };
    const span = maker.startSpan(methodName(call.method), start, parent);
    return isReal(span) ? CallTrace.recorded(span) : undefined;
  };

  const begin = (call: OutgoingCall): CallTrace => {
    const above = call.get(traceKey);
    if (above !== undefined) {
      if (above.span === undefined || tracer === undefined) return above;
      const active = context.active();
      return childOf(call, trace.getSpan(active) === undefined ? above.context : active, tracer) ?? above;
    }
    // Not part of a call: a span that somebody made by hand may be active.
    const active = context.active();
    if (tracer !== undefined && trace.getSpan(active) !== undefined) {
      const child = childOf(call, active, tracer);
      if (child !== undefined) return child;
    }
    return roots.begin(call, SpanKind.CLIENT);
  };

  return {
    name: 'tracing',
    begin: (call) => {
      const above = call.get(traceKey);
      const made = begin(call);
      if (made !== above) call.set(traceKey, made);
      send(call, made.traceParent, made.traceState);
      if (made.span === undefined || made === above) return;
      recorded += 1;
      call.set(ownKey, made);
    },
    end: (call, error) => {
      const span = call.get(ownKey)?.span;
      if (span === undefined) return;
      setPeer(span, call.peer);
      endSpan(span, error, 'client', endAttributes?.(call));
    },
    state: () => ({ recorded }),
  };
}

/**
 * A span for each attempt of a recorded call, inside of its span: to stand behind the policy that retries or hedges, in
 * addition to `tracingClientPolicy` before it. What the attempt reaches is a child of the attempt.
 */
export function tracingAttemptPolicy({
  tracer,
  attributes = {},
  endAttributes,
}: Pick<TracingOptions, 'tracer' | 'attributes' | 'endAttributes'>): ClientPolicy {
  const attemptKey = contextKey<CallTrace>('attempt span');
  return {
    name: 'tracing-attempt',
    begin: (call) => {
      const above = call.get(traceKey);
      if (tracer === undefined || above?.span === undefined) return;
      above.attempts += 1;
      const start = {
        kind: SpanKind.CLIENT,
        attributes: { ...startAttributes(call.method, attributes), [ATTEMPT]: above.attempts },
      };
      const span = tracer.startSpan(`Attempt ${methodName(call.method)}`, start, above.context);
      call.set(attemptKey, CallTrace.recorded(span));
      const { traceId, spanId, traceFlags } = span.spanContext();
      send(call, formatTraceParent({ traceId, spanId, flags: traceFlags & SAMPLED_FLAG }), above.traceState);
    },
    end: (call, error) => {
      const span = call.get(attemptKey)?.span;
      if (span === undefined) return;
      setPeer(span, call.peer);
      endSpan(span, error, 'client', endAttributes?.(call));
    },
  };
}

function send(call: OutgoingCall, traceParent: string, traceState: string | undefined): void {
  call.setMetadata(TRACEPARENT_HEADER, traceParent);
  if (traceState !== undefined) call.setMetadata(TRACESTATE_HEADER, traceState);
}

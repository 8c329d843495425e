import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { noDecisions, type CallContext, type OnDecision, type ServerPolicy } from '@giftmesh/mesh-context';
import { CallTrace, isReal, remoteSpan, traceKey } from './call-trace';
import { endSpan, methodName, startAttributes } from './rpc-span';
import {
  canonicalTraceParent,
  parseTraceParent,
  SAMPLED_FLAG,
  TRACEPARENT_HEADER,
  traceParentFlags,
} from './trace-parent';
import { TraceRoots, type TracingOptions } from './trace-roots';
import { passTraceState, TRACESTATE_HEADER } from './trace-state';

export interface TracingServerOptions extends TracingOptions {
  /**
   * False at the edge, where anybody may call: a trace begins here, decided here, and a recorded one is linked to the
   * caller's. Default true: the caller's trace goes on, recorded if the caller records it.
   */
  readonly trustIncoming?: boolean;
  /**
   * `malformed`: a `traceparent` or `tracestate` that is none was ignored. `recorded`: a span was made. Default: nobody is told.
   */
  readonly onDecision?: OnDecision;
}

/**
 * A span for each call that is recorded, unary and streaming, and the place in its trace for each call that is not: `traceOf`.
 * To be the first of a server's policies, so that what the others refuse is seen too.
 */
export function tracingServerPolicy(options: TracingServerOptions): ServerPolicy {
  const { tracer, attributes = {}, endAttributes, trustIncoming = true, onDecision = noDecisions } = options;
  const roots = new TraceRoots(options);
  let recorded = 0;
  let malformed = 0;

  const ignore = (call: CallContext): void => {
    malformed += 1;
    onDecision('tracing', 'malformed', call);
  };

  const traceStateOf = (call: CallContext): string | undefined => {
    const header = call.metadata.get(TRACESTATE_HEADER);
    if (header === undefined || header === '') return undefined;
    const passed = passTraceState(header);
    if (passed === undefined && header.trim() !== '') ignore(call);
    return passed;
  };

  const goOn = (call: CallContext, header: string, flags: number): CallTrace => {
    const traceState = traceStateOf(call);
    if (tracer !== undefined && (flags & SAMPLED_FLAG) !== 0) {
      const parent = parseTraceParent(header);
      const remote =
        parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remoteSpan(parent, traceState));
      const start = { kind: SpanKind.SERVER, attributes: startAttributes(call.method, attributes) };
      const span = tracer.startSpan(methodName(call.method), start, remote);
      if (isReal(span)) return CallTrace.recorded(span);
    }
    return CallTrace.passing(canonicalTraceParent(header, flags), traceState);
  };

  const begin = (call: CallContext, header: string | undefined): CallTrace => {
    if (header === undefined) return roots.begin(call, SpanKind.SERVER);
    const flags = traceParentFlags(header);
    if (flags < 0) {
      ignore(call);
      return roots.begin(call, SpanKind.SERVER);
    }
    if (trustIncoming) return goOn(call, header, flags);
    return roots.begin(call, SpanKind.SERVER, () => {
      const parent = parseTraceParent(header);
      return parent === undefined ? [] : [{ context: remoteSpan(parent, undefined) }];
    });
  };

  return {
    name: 'tracing',
    begin: (call) => {
      const made = begin(call, call.metadata.get(TRACEPARENT_HEADER));
      call.set(traceKey, made);
      if (made.span === undefined) return;
      recorded += 1;
      onDecision('tracing', 'recorded', call);
    },
    end: (call, error) => {
      const span = call.get(traceKey)?.span;
      if (span !== undefined) endSpan(span, error, 'server', endAttributes?.(call));
    },
    state: () => ({ ...options.sampler.state(), recorded, malformed }),
  };
}

import {
  isSpanContextValid,
  ROOT_CONTEXT,
  createTraceState,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type SpanContext,
} from '@opentelemetry/api';
import { contextKey, currentCall, type Call } from '@giftmesh/mesh-context';
import { formatTraceParent, SAMPLED_FLAG, type TraceParent } from './trace-parent';
import type { TraceIds } from './trace-ids';

/** Where the trace of a call is kept. */
export const traceKey = contextKey<CallTrace>('trace');

/** The trace that a call is part of; undefined without a tracing policy and outside of calls. */
export function traceOf(call: Call | undefined = currentCall()): CallTrace | undefined {
  return call?.get(traceKey);
}

/**
 * A call's place in its trace. Ids are made when they are first asked for: a call that nobody records, and that calls nobody,
 * never has any.
 */
export class CallTrace {
  /** The call's span; undefined for calls that are not recorded here. */
  readonly span: Span | undefined;
  /** The `tracestate` to pass on. */
  readonly traceState: string | undefined;
  /** Attempts that were made of this (outgoing) call. */
  attempts = 0;
  #header: string | undefined;
  #ids: TraceIds | undefined;
  #low = 0;
  #lowest = 0;
  #context: Context | undefined;

  private constructor(span: Span | undefined, header: string | undefined, traceState: string | undefined) {
    this.span = span;
    this.#header = header;
    this.traceState = traceState;
  }

  /** A call that is recorded. */
  static recorded(span: Span): CallTrace {
    const traceState = span.spanContext().traceState?.serialize();
    return new CallTrace(span, undefined, traceState === '' ? undefined : traceState);
  }

  /** A call that is not recorded here, part of a trace that others began: it passes on what it got. */
  static passing(header: string, traceState: string | undefined): CallTrace {
    return new CallTrace(undefined, header, traceState);
  }

  /** A call that begins a trace which nobody records. */
  static unrecorded(ids: TraceIds, low: number, lowest: number): CallTrace {
    const made = new CallTrace(undefined, undefined, undefined);
    made.#ids = ids;
    made.#low = low;
    made.#lowest = lowest;
    return made;
  }

  /** The `traceparent` header for calls that this one makes. */
  get traceParent(): string {
    return (this.#header ??= formatTraceParent(this.#identity()));
  }

  /** 32 hexadecimal digits. */
  get traceId(): string {
    return this.traceParent.slice(3, 35);
  }

  /** 16 hexadecimal digits; the caller's for a call that is not recorded here. */
  get spanId(): string {
    return this.traceParent.slice(36, 52);
  }

  /** The same for OpenTelemetry's API: spans made in it are part of this call, and not recorded if it is not. */
  get context(): Context {
    this.#context ??=
      this.span === undefined
        ? trace.setSpanContext(ROOT_CONTEXT, {
            traceId: this.traceId,
            spanId: this.spanId,
            traceFlags: TraceFlags.NONE,
            isRemote: true,
          })
        : trace.setSpan(ROOT_CONTEXT, this.span);
    return this.#context;
  }

  #identity(): TraceParent {
    if (this.span !== undefined) {
      const { traceId, spanId, traceFlags } = this.span.spanContext();
      return { traceId, spanId, flags: traceFlags & SAMPLED_FLAG };
    }
    const ids = this.#ids as TraceIds;
    return { traceId: ids.traceIdOf(this.#low, this.#lowest), spanId: ids.generateSpanId(), flags: 0 };
  }
}

/** A caller's span, as OpenTelemetry's API wants it. */
export function remoteSpan(parent: TraceParent, traceState: string | undefined): SpanContext {
  return {
    traceId: parent.traceId,
    spanId: parent.spanId,
    traceFlags: parent.flags & SAMPLED_FLAG,
    isRemote: true,
    ...(traceState === undefined ? {} : { traceState: createTraceState(traceState) }),
  };
}

/** False for spans of a tracer that has no SDK behind it: they have no ids to pass on. */
export function isReal(span: Span): boolean {
  return isSpanContextValid(span.spanContext());
}

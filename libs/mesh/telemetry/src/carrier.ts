import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Link,
  type Tracer,
} from '@opentelemetry/api';
import { currentCall, type Call } from '@giftmesh/mesh-context';
import { remoteSpan, traceOf } from './call-trace';
import { parseTraceParent, SAMPLED_FLAG, TRACEPARENT_HEADER } from './trace-parent';
import { passTraceState, TRACESTATE_HEADER } from './trace-state';

/** What travels with a record of a log beside its content: header names and values. */
export type Carrier = Readonly<Record<string, string>>;

/** The most links of a batch's span; OpenTelemetry's own default limit. */
export const BATCH_LINKS_MAX = 128;

/** What to write beside a record, so that its reader's span is a child of this call's, or linked to it; undefined unless the call is recorded. */
export function traceCarrier(call: Call | undefined = currentCall()): Carrier | undefined {
  const trace = traceOf(call);
  if (trace?.span === undefined) return undefined;
  return trace.traceState === undefined
    ? { [TRACEPARENT_HEADER]: trace.traceParent }
    : { [TRACEPARENT_HEADER]: trace.traceParent, [TRACESTATE_HEADER]: trace.traceState };
}

export interface BatchTracerOptions {
  /** Default none: nothing is recorded. */
  readonly tracer?: Tracer | undefined;
  /** The span's name: `process money-log`. */
  readonly name: string;
  readonly attributes?: Attributes;
}

/** Runs the work of a batch whose records had these carriers. */
export type BatchTracer = <T>(carriers: Iterable<Carrier>, work: () => Promise<T>) => Promise<T>;

/**
 * A span around the work of a batch of records, only when one of the calls that wrote them was recorded. Where it is exactly one, as most
 * often when few are sampled, the batch is a part of that call's trace, which so goes on through logs to the last reader. Where they are several the
 * batch has a trace of its own, linked to each of them (at most `BATCH_LINKS_MAX`), since a span has one parent (OpenTelemetry's conventions
 * for messaging: links for batches, a parent for a single message).
 */
export function batchTracer({ tracer, name, attributes = {} }: BatchTracerOptions): BatchTracer {
  return async (carriers, work) => {
    const links = tracer === undefined ? [] : linksOf(carriers);
    if (tracer === undefined || links.length === 0) return work();
    const [only, ...others] = links;
    const span =
      only !== undefined && others.length === 0
        ? tracer.startSpan(
            name,
            { kind: SpanKind.CONSUMER, attributes },
            trace.setSpanContext(ROOT_CONTEXT, only.context),
          )
        : tracer.startSpan(name, { kind: SpanKind.CONSUMER, attributes, links, root: true }, ROOT_CONTEXT);
    try {
      return await context.with(trace.setSpan(ROOT_CONTEXT, span), work);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  };
}

function linksOf(carriers: Iterable<Carrier>): Link[] {
  const links: Link[] = [];
  const seen = new Set<string>();
  for (const carrier of carriers) {
    if (links.length === BATCH_LINKS_MAX) break;
    const header = carrier[TRACEPARENT_HEADER];
    if (header === undefined || seen.has(header)) continue;
    const parent = parseTraceParent(header);
    if (parent === undefined || (parent.flags & SAMPLED_FLAG) === 0) continue;
    seen.add(header);
    const state = carrier[TRACESTATE_HEADER];
    links.push({ context: remoteSpan(parent, state === undefined ? undefined : passTraceState(state)) });
  }
  return links;
}

import { ROOT_CONTEXT, type Attributes, type Link, type Span, type SpanKind, type Tracer } from '@opentelemetry/api';
import type { Call } from '@giftmesh/mesh-context';
import { CallTrace, isReal } from './call-trace';
import { methodName, startAttributes } from './rpc-span';
import type { TraceSampler } from './sampling-decider';
import type { TraceIds } from './trace-ids';

/** What the tracing policies of both sides are made of. */
export interface TracingOptions {
  /** Makes the spans of recorded calls. Default none: nothing is recorded here, what others began is passed on as it came. */
  readonly tracer?: Tracer | undefined;
  /** Decides which of the traces that begin here are recorded. */
  readonly sampler: TraceSampler;
  readonly ids: TraceIds;
  /** Attributes of every span. Default none. */
  readonly attributes?: Attributes;
  /** Attributes of a recorded call's span that are known at its end only. Must not throw. Default none. */
  readonly endAttributes?: (call: Call) => Attributes | undefined;
}

/** Begins traces: decides by the id whether one is recorded, and only then makes anything of OpenTelemetry. */
export class TraceRoots {
  readonly #tracer: Tracer | undefined;
  readonly #sampler: TraceSampler;
  readonly #ids: TraceIds;
  readonly #attributes: Attributes;

  constructor({ tracer, sampler, ids, attributes = {} }: TracingOptions) {
    this.#tracer = tracer;
    this.#sampler = sampler;
    this.#ids = ids;
    this.#attributes = attributes;
  }

  /** @param links made only for a trace that is recorded. */
  begin(call: Call, kind: SpanKind, links?: () => Link[]): CallTrace {
    const low = this.#ids.word();
    const lowest = this.#ids.word();
    const tracer = this.#tracer;
    if (tracer !== undefined && this.#sampler.isSampled(call.method, low, lowest)) {
      const span = this.#ids.adopt(this.#ids.traceIdOf(low, lowest), () =>
        this.#start(tracer, call, kind, links?.() ?? []),
      );
      if (isReal(span)) return CallTrace.recorded(span);
    }
    return CallTrace.unrecorded(this.#ids, low, lowest);
  }

  #start(tracer: Tracer, call: Call, kind: SpanKind, links: Link[]): Span {
    const attributes = startAttributes(call.method, this.#attributes);
    return tracer.startSpan(methodName(call.method), { kind, attributes, links, root: true }, ROOT_CONTEXT);
  }
}

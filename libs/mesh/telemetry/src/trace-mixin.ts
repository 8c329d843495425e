import { currentCall } from '@giftmesh/mesh-context';
import { traceOf } from './call-trace';

/** What a log line says of the call that it is about. */
export interface TraceFields {
  readonly traceId?: string;
  readonly spanId?: string;
}

const none: TraceFields = {};

/**
 * For a logger that asks for further fields at each line (pino's `mixin`): the ids of the running call's trace, recorded or not,
 * so that the lines of all services about one call are found together. Nothing outside of calls.
 */
export function traceMixin(): () => TraceFields {
  return () => {
    const trace = traceOf(currentCall());
    return trace === undefined ? none : { traceId: trace.traceId, spanId: trace.spanId };
  };
}

import type { Call } from '@giftmesh/mesh-context';
import { BASE_LANE, CallMarks, marksOf } from '@giftmesh/mesh-lanes';
import { traceCarrier, type Carrier } from '@giftmesh/mesh-telemetry';

/** What a gift brings from its call into the batch that pays it. */
export interface Carried {
  /** The place in its trace of a call that is recorded. */
  readonly trace: Carrier | undefined;
  /** Lane and stress mark of a call that has one of them, without the baggage of others: a batch has many callers. */
  readonly marks: CallMarks | undefined;
}

/** What there is to bring from a call: undefined, and nothing made, for one that is neither recorded nor marked. */
export function carriedBy(call: Call | undefined): Carried | undefined {
  if (call === undefined) return undefined;
  const trace = traceCarrier(call);
  const marks = marksOf(call);
  const isMarked = marks !== undefined && (marks.stress || marks.lane !== BASE_LANE);
  if (trace === undefined && !isMarked) return undefined;
  return { trace, marks: isMarked ? new CallMarks({ lane: marks.lane, stress: marks.stress }) : undefined };
}

/** The traces of those that have one; undefined for none. */
export function tracesOf(items: readonly { readonly carried: Carried | undefined }[]): readonly Carrier[] | undefined {
  let traces: Carrier[] | undefined;
  for (const { carried } of items) if (carried?.trace !== undefined) (traces ??= []).push(carried.trace);
  return traces;
}

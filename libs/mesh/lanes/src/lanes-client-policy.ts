import type { ClientPolicy } from '@giftmesh/mesh-context';
import { BAGGAGE_HEADER } from './baggage';
import { CallMarks, markCall, marksOf } from './marks';

export interface LanesClientOptions {
  /**
   * True for a client of what works for load tests only: every call is marked, also those of timers and loops that belong to no call.
   * Default false: a call has the marks of the call that it is part of.
   */
  readonly stress?: boolean;
}

/**
 * Sends the marks and the baggage of the running call with the calls that it makes. A caller may add baggage of its own
 * (`metadata: {baggage: …}`), but not change the marks of the call that it is part of.
 */
export function lanesClientPolicy({ stress = false }: LanesClientOptions = {}): ClientPolicy {
  return {
    name: 'lanes',
    begin: (call) => {
      let marks = marksOf(call);
      if (stress && marks?.stress !== true) {
        marks = marks?.as({ lane: marks.lane, stress }) ?? new CallMarks({ stress });
        markCall(call, marks);
      }
      if (marks === undefined) return;
      const added = call.metadata.get(BAGGAGE_HEADER);
      const header = added === undefined ? marks.header : marks.headerWith(added);
      if (header !== '') call.setMetadata(BAGGAGE_HEADER, header);
    },
  };
}

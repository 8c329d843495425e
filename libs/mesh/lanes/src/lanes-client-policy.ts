import type { ClientPolicy } from '@giftmesh/mesh-context';
import { BAGGAGE_HEADER } from './baggage';
import { marksOf } from './marks';

/**
 * Sends the marks and the baggage of the running call with the calls that it makes. A caller may add baggage of its own
 * (`metadata: {baggage: …}`), but not change the marks of the call that it is part of.
 */
export function lanesClientPolicy(): ClientPolicy {
  return {
    name: 'lanes',
    begin: (call) => {
      const marks = marksOf(call);
      if (marks === undefined) return;
      const added = call.metadata.get(BAGGAGE_HEADER);
      const header = added === undefined ? marks.header : marks.headerWith(added);
      if (header !== '') call.setMetadata(BAGGAGE_HEADER, header);
    },
  };
}

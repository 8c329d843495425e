import { noDecisions, type CallContext, type OnDecision, type ServerPolicy } from '@giftmesh/mesh-context';
import { BAGGAGE_HEADER } from './baggage';
import { CallMarks, markCall, readMarks, type Marks } from './marks';

/** The name in decisions and state. */
const NAME = 'lanes';

export interface LanesServerOptions {
  /** True inside of the mesh: the marks and the baggage of callers are believed. False at the edge: they are stripped. */
  readonly trust: boolean;
  /**
   * Marks for calls that come without (or whose marks are not believed): how an edge puts some users into a lane. Undefined
   * leaves the call without. Must not throw. Default none.
   */
  readonly assign?: (call: CallContext) => Marks | undefined;
  /**
   * `malformed`: something in the baggage was none, and was ignored. `dropped`: there was more of others' baggage than is kept.
   * `stripped`: baggage of a stranger. `marked`: a call came in, or was put, into a lane or a load test. Default: nobody is told.
   */
  readonly onDecision?: OnDecision;
}

/** Reads lane, stress mark and baggage of incoming calls, so that `laneOf`, `isStress` and outgoing calls know them. */
export function lanesServerPolicy({ trust, assign, onDecision = noDecisions }: LanesServerOptions): ServerPolicy {
  if (typeof trust !== 'boolean') throw new TypeError(`trust must be true or false, got ${String(trust)}`);
  const counts = { malformed: 0, stripped: 0, marked: 0 };

  const believed = (call: CallContext): CallMarks | undefined => {
    const header = call.metadata.get(BAGGAGE_HEADER);
    if (header === undefined) return undefined;
    if (!trust) {
      counts.stripped += 1;
      onDecision(NAME, 'stripped', call);
      return undefined;
    }
    const { marks, malformed, dropped } = readMarks(header);
    if (malformed > 0) {
      counts.malformed += 1;
      onDecision(NAME, 'malformed', call);
    }
    if (dropped > 0) onDecision(NAME, 'dropped', call);
    return marks.header === '' ? undefined : marks;
  };

  return {
    name: NAME,
    begin: (call) => {
      let marks = believed(call);
      if (assign !== undefined && !isMarked(marks)) {
        const assigned = assign(call);
        if (assigned !== undefined) marks = marks?.as(assigned) ?? new CallMarks(assigned);
      }
      if (marks === undefined) return;
      markCall(call, marks);
      if (!isMarked(marks)) return;
      counts.marked += 1;
      onDecision(NAME, 'marked', call);
    },
    state: () => ({ trust, ...counts }),
  };
}

function isMarked(marks: CallMarks | undefined): boolean {
  return marks !== undefined && marks.ownHeader !== '';
}

import { createHash, timingSafeEqual } from 'node:crypto';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { noDecisions, type CallMetadata, type OnDecision, type ServerPolicy } from '@giftmesh/mesh-context';
import { BAGGAGE_HEADER } from './baggage';
import { CallMarks, markCall, marksOf, readMarks, STRESS_KEY } from './marks';

/** Metadata by which a load test says at the edge that it is one; its value is the token that it was given. */
export const STRESS_TOKEN_HEADER = 'x-mesh-stress';
/** The least characters of a token: who guesses it may write into the shadow, and use up the places of load tests. */
export const STRESS_TOKEN_LENGTH_MIN = 16;

/** The name in decisions and state. */
const NAME = 'stress-edge';

export interface StressEdgeOptions {
  /** What a load test has to show. Undefined: none is taken here. */
  readonly token?: string | undefined;
  /** `marked`: a call of a load test came in. `refused`: one that is not taken, or without the right token. Default: nobody is told. */
  readonly onDecision?: OnDecision;
}

/**
 * Marks the calls of a load test where strangers call, whose baggage is not believed. One that can't be marked is refused: it must never
 * become a real call because a token was wrong or is not known here. Throws RangeError for a token that is too short.
 */
export function stressEdgePolicy({ token, onDecision = noDecisions }: StressEdgeOptions = {}): ServerPolicy {
  if (token !== undefined && token.length < STRESS_TOKEN_LENGTH_MIN)
    throw new RangeError(`token must have at least ${STRESS_TOKEN_LENGTH_MIN} characters, has ${token.length}`);
  const expected = token === undefined ? undefined : digest(token);
  const counts = { marked: 0, refused: 0 };
  return {
    name: NAME,
    begin: (call) => {
      const shown = call.metadata.get(STRESS_TOKEN_HEADER);
      if (shown === undefined) return;
      if (expected === undefined || !timingSafeEqual(digest(shown), expected)) {
        counts.refused += 1;
        onDecision(NAME, 'refused', call);
        throw expected === undefined ? notSupported() : wrongToken();
      }
      const marks = marksOf(call);
      markCall(call, marks?.as({ lane: marks.lane, stress: true }) ?? new CallMarks({ stress: true }));
      counts.marked += 1;
      onDecision(NAME, 'marked', call);
    },
    state: () => ({ taken: token !== undefined, ...counts }),
  };
}

/**
 * True for metadata of a call that says it is part of a load test, whether it would be believed or not: for counting those that were refused
 * before anything else was looked at.
 */
export function saysStress(metadata: CallMetadata): boolean {
  if (metadata.get(STRESS_TOKEN_HEADER) !== undefined) return true;
  const baggage = metadata.get(BAGGAGE_HEADER);
  return baggage?.includes(STRESS_KEY) === true && readMarks(baggage).marks.stress;
}

/** Of one length for all, so that comparing takes the same time for all. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function notSupported(): StatusError {
  const message = `calls with ${STRESS_TOKEN_HEADER} are not taken: there are no shadow stores for load tests`;
  return new StatusError({ code: StatusCode.FAILED_PRECONDITION, reason: 'STRESS_NOT_SUPPORTED', message });
}

function wrongToken(): StatusError {
  const message = `${STRESS_TOKEN_HEADER} is not the token that load tests have here`;
  return new StatusError({ code: StatusCode.PERMISSION_DENIED, reason: 'STRESS_TOKEN_WRONG', message });
}

import { StatusCode, statusName, type StatusError, within } from '@giftmesh/kernel-errors';
import type { OutgoingCall } from '@giftmesh/mesh-context';
import type { Outcome } from './circuit-breaker-decider';

/** What makes a call a failure of its target. */
export interface OutcomeRules {
  /**
   * Codes that are failures. Default UNAVAILABLE, DEADLINE_EXCEEDED, INTERNAL, UNKNOWN and DATA_LOSS. All others, NOT_FOUND or
   * INVALID_ARGUMENT, are answers of a target that works; CANCELLED says nothing about it, since the caller gave up.
   */
  readonly failureCodes: readonly StatusCode[];
  /**
   * Reasons (google.rpc.ErrorInfo) that say nothing, whatever the code. Default OVERLOADED, THROTTLED, RATE_LIMITED, CIRCUIT_OPEN. A
   * target that sheds half of its calls serves the other half: opening on that would turn partial shedding into an outage. And what
   * another breaker or limit refused never reached the target.
   */
  readonly neutralReasons: readonly string[];
  /**
   * DEADLINE_EXCEEDED of a call that was given less time than this says nothing: its caller had used the time up. Milliseconds,
   * default 10; range 0 to 60,000.
   */
  readonly shortDeadlineMs: number;
}

export const DEFAULT_OUTCOME_RULES: OutcomeRules = {
  failureCodes: [
    StatusCode.UNAVAILABLE,
    StatusCode.DEADLINE_EXCEEDED,
    StatusCode.INTERNAL,
    StatusCode.UNKNOWN,
    StatusCode.DATA_LOSS,
  ],
  neutralReasons: ['OVERLOADED', 'THROTTLED', 'RATE_LIMITED', 'CIRCUIT_OPEN'],
  shortDeadlineMs: 10,
};

/** How many codes or reasons can be listed. */
export const LISTED_MAX = 100;

/** Returns rules that are right. Throws TypeError or RangeError with the name and value of what is wrong. */
export function validOutcomeRules(rules: OutcomeRules): OutcomeRules {
  const { failureCodes, neutralReasons, shortDeadlineMs } = rules;
  const known: readonly number[] = Object.values(StatusCode);
  if (!isList(failureCodes, (code) => known.includes(code as number) && code !== StatusCode.OK)) {
    throw new TypeError(`failureCodes must be at most ${LISTED_MAX} status codes, got ${String(failureCodes)}`);
  }
  if (failureCodes.includes(StatusCode.CANCELLED)) {
    throw new TypeError(`failureCodes can't have ${statusName(StatusCode.CANCELLED)}: it is the caller who gave up`);
  }
  if (!isList(neutralReasons, (reason) => typeof reason === 'string' && reason !== '')) {
    throw new TypeError(`neutralReasons must be at most ${LISTED_MAX} words, got ${String(neutralReasons)}`);
  }
  within('shortDeadlineMs', shortDeadlineMs, 0, 60_000);
  return rules;
}

/**
 * What the end of a call says. A stream that its deadline ends was answered as long as it was to last, so that says nothing.
 * @param givenMs how much time the call had when it began, Infinity without a deadline.
 */
export function outcomeOf(
  rules: OutcomeRules,
  call: OutgoingCall,
  error: StatusError | undefined,
  givenMs: number,
): Outcome {
  if (error === undefined) return 'success';
  if (error.code === StatusCode.CANCELLED || rules.neutralReasons.includes(error.reason)) return 'neither';
  if (error.code === StatusCode.DEADLINE_EXCEEDED && (givenMs < rules.shortDeadlineMs || call.policy.responseStream)) {
    return 'neither';
  }
  return rules.failureCodes.includes(error.code) ? 'failure' : 'success';
}

function isList(list: unknown, isRight: (value: unknown) => boolean): boolean {
  return Array.isArray(list) && list.length <= LISTED_MAX && list.every(isRight);
}

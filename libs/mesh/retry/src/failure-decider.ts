import { StatusCode, type StatusError } from '@giftmesh/kernel-errors';
import type { Idempotency } from '@giftmesh/mesh-policy';
import type { Pushback } from './pushback';

export interface FailureRulesOptions {
  /**
   * Codes after which another try makes sense. RESOURCE_EXHAUSTED alone may mean a quota of today as well as a queue that is
   * full now: it counts only when the server said when to come back. Default UNAVAILABLE and RESOURCE_EXHAUSTED; CANCELLED is
   * refused. UNKNOWN and INTERNAL are bugs more often than bad luck, and DEADLINE_EXCEEDED has no time left (a try's own
   * timeout is another matter, and is always followed by another try).
   */
  readonly retryableCodes?: readonly number[];
  /**
   * Reasons by which a server, or a policy on our side, says that it refused the call before it did anything. Trying again at
   * the same target is then what it wants least: only when the server itself says when (a pushback of 0 or more) is it
   * done. Default OVERLOADED, CIRCUIT_OPEN, THROTTLED. At most 100.
   */
  readonly refusalReasons?: readonly string[];
}

/** A try that failed. */
export interface Failure {
  readonly error: StatusError;
  readonly pushback: Pushback;
  readonly idempotency: Idempotency;
  /** The try had less time than its call, so that DEADLINE_EXCEEDED is its own and not the call's. */
  readonly ownTimeout: boolean;
}

/**
 * Why a failure is final: the server said so (`pushback`, or `malformed-pushback`), the call was shed (`refused`), its code is
 * no passing one (`not-retryable`), or a second time could do harm (`not-idempotent`).
 */
export type FinalReason = 'pushback' | 'malformed-pushback' | 'refused' | 'not-retryable' | 'not-idempotent';

/** Whether a failed try can be followed by another one, and when. */
export type Verdict =
  | { readonly kind: 'final'; readonly reason: FinalReason }
  /** After this long, no more and no less. */
  | { readonly kind: 'exactly'; readonly delayMs: number }
  | { readonly kind: 'at-least'; readonly delayMs: number };

const REFUSAL_REASONS_MAX = 100;

/** The rules of what a failure means for a further try, of retries and hedges alike. */
export class FailureRules {
  readonly options: Required<FailureRulesOptions>;
  readonly #codes: ReadonlySet<number>;
  readonly #refusals: ReadonlySet<string>;

  /** Throws RangeError for codes that gRPC does not have or that cannot be retried, TypeError for reasons that are no words. */
  constructor(options: FailureRulesOptions = {}) {
    const retryableCodes = options.retryableCodes ?? [StatusCode.UNAVAILABLE, StatusCode.RESOURCE_EXHAUSTED];
    const refusalReasons = options.refusalReasons ?? ['OVERLOADED', 'CIRCUIT_OPEN', 'THROTTLED'];
    checkCodes(retryableCodes);
    checkReasons(refusalReasons);
    this.options = { retryableCodes, refusalReasons };
    this.#codes = new Set(retryableCodes);
    this.#refusals = new Set(refusalReasons);
  }

  /** What the failure means. */
  verdict({ error, pushback, idempotency, ownTimeout }: Failure): Verdict {
    if (pushback.kind === 'never') return final(pushback.malformed ? 'malformed-pushback' : 'pushback');
    const refused = this.#refusals.has(error.reason);
    if (refused && pushback.kind === 'none') return final('refused');
    if (!this.#isPassing(error, pushback, ownTimeout)) return final('not-retryable');
    // A refusal's reason alone proves nothing: it may come from further behind, passed on by a server that had already done
    // its part. The pushback is the server's own word.
    if (idempotency === 'unknown' && !refused) return final('not-idempotent');
    if (pushback.kind === 'after') return { kind: 'exactly', delayMs: pushback.delayMs };
    return { kind: 'at-least', delayMs: error.retryDelayMs ?? 0 };
  }

  #isPassing(error: StatusError, pushback: Pushback, ownTimeout: boolean): boolean {
    if (error.code === StatusCode.DEADLINE_EXCEEDED && ownTimeout) return true;
    if (!this.#codes.has(error.code)) return false;
    if (error.code !== StatusCode.RESOURCE_EXHAUSTED) return true;
    return pushback.kind === 'after' || error.retryDelayMs !== undefined;
  }
}

function final(reason: FinalReason): Verdict {
  return { kind: 'final', reason };
}

function checkCodes(codes: readonly number[]): void {
  if (!Array.isArray(codes)) throw new TypeError(`retryableCodes must be a list of codes, got ${String(codes)}`);
  for (const code of codes as readonly number[]) {
    if (!Number.isInteger(code) || code <= StatusCode.CANCELLED || code > StatusCode.UNAUTHENTICATED) {
      throw new RangeError(`retryableCodes must be gRPC codes from 2 to 16, got ${String(code)}`);
    }
  }
}

function checkReasons(reasons: readonly string[]): void {
  if (!Array.isArray(reasons)) throw new TypeError(`refusalReasons must be a list of words, got ${String(reasons)}`);
  if (reasons.length > REFUSAL_REASONS_MAX) {
    throw new RangeError(`refusalReasons must be at most ${REFUSAL_REASONS_MAX}, got ${reasons.length}`);
  }
  for (const reason of reasons as readonly string[]) {
    if (typeof reason !== 'string' || reason === '') {
      throw new TypeError(`refusalReasons must be words, got ${JSON.stringify(reason)}`);
    }
  }
}

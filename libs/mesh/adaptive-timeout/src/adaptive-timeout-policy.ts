import { StatusCode, StatusError, changed, integerWithin } from '@giftmesh/kernel-errors';
import { systemClock, type Clock } from '@giftmesh/kernel-time';
import {
  noDecisions,
  type ClientPolicy,
  type OnDecision,
  type OutgoingCall,
  type PolicyState,
} from '@giftmesh/mesh-context';
import { DeadlineWheel } from '@giftmesh/mesh-deadline';
import { AdaptiveTimeoutDecider } from './adaptive-timeout-decider';
import {
  adaptiveTimeoutSettings,
  DEFAULT_ADAPTIVE_TIMEOUT,
  type AdaptiveTimeoutSettings,
} from './adaptive-timeout-settings';
import { Keyed } from './keyed';

/** What can be changed while it runs. */
export interface AdaptiveTimeoutOptions extends Partial<AdaptiveTimeoutSettings> {
  /**
   * Cut calls short that are not idempotent, too. Default false: one that was cut short may have had its effect, and can't be repeated. Their
   * latency is learned all the same.
   */
  readonly cutNonIdempotent?: boolean;
  /** Methods that are remembered; the one that was not called for the longest time is forgotten. Default 1,000; range 1 to 100,000. */
  readonly methodsMax?: number;
}

export interface AdaptiveTimeoutPolicyOptions extends AdaptiveTimeoutOptions {
  /** Default the process's real time. */
  readonly clock?: Clock;
  /** Told `timed-out` of each call that was cut short. Default nobody. */
  readonly onDecision?: OnDecision;
}

/** Timeouts for outgoing calls. */
export interface AdaptiveTimeoutPolicy extends ClientPolicy {
  /**
   * What a call of `method` (its path) would be given now, milliseconds: for retries that time their tries themselves. Infinity for a method
   * that was never called, or of which too little is known and which has no deadline.
   */
  readonly timeoutFor: (method: string) => number;
  /** Takes other options, those named only. Throws RangeError or TypeError with name and value, and changes nothing, when one is wrong. */
  readonly configure: (changes: AdaptiveTimeoutOptions) => void;
  /** For each method `<path>.timeoutMs` (where it has one), `<path>.latencyMs` and `<path>.floorMs`. */
  readonly state: () => PolicyState;
}

type Settings = Required<AdaptiveTimeoutOptions>;

const DEFAULTS: Settings = { ...DEFAULT_ADAPTIVE_TIMEOUT, cutNonIdempotent: false, methodsMax: 1_000 };

/** What is kept of a method. */
interface Method {
  readonly decider: AdaptiveTimeoutDecider;
  /** Its own deadline, as its last call had it. */
  ceilingMs: number;
}

const NAME = 'adaptive-timeout';

/**
 * A failed call timed out by the method's timeout if it was given this share of it, and used this share of what it was given: servers on the way keep a
 * little for themselves. Less says something about the caller's own deadline, or about another one further down.
 */
const TIMED_OUT_SHARE = 0.8;

/**
 * Cuts calls short that take much longer than their method does: DEADLINE_EXCEEDED, reason ADAPTIVE_TIMEOUT. Never longer than the call's own deadline. Belongs
 * inside of retries: each try is then timed. Methods with a stream, either way, are left alone: how long they take is up to what they are for.
 *
 * Throws RangeError or TypeError, with name and value, for options that are wrong.
 */
export function adaptiveTimeoutPolicy(options: AdaptiveTimeoutPolicyOptions = {}): AdaptiveTimeoutPolicy {
  const { clock = systemClock, onDecision = noDecisions, ...changes } = options;
  let settings = validSettings(changes, DEFAULTS);
  const wheel = new DeadlineWheel({ clock });
  const methods = new Keyed<Method>(settings.methodsMax, () => {
    return { decider: new AdaptiveTimeoutDecider(settings), ceilingMs: Infinity };
  });

  /** Makes the call and learns from how it ends. @param onTimedOut gives the error in place of one by this timeout. */
  const timed = async (
    { decider }: Method,
    timeoutMs: number,
    call: OutgoingCall,
    make: () => Promise<unknown>,
    onTimedOut: (error: StatusError) => StatusError,
  ): Promise<unknown> => {
    const beganMs = clock.monotonicMs();
    const givenMs = call.remainingMs();
    try {
      const answer = await make();
      const nowMs = clock.monotonicMs();
      decider.answered(nowMs, nowMs - beganMs);
      return answer;
    } catch (error) {
      const nowMs = clock.monotonicMs();
      const waited = givenMs !== Infinity && nowMs - beganMs >= TIMED_OUT_SHARE * givenMs;
      if (!waited || givenMs < TIMED_OUT_SHARE * timeoutMs || !isLate(error)) throw error;
      decider.timedOut(nowMs, givenMs);
      throw onTimedOut(error);
    }
  };

  return {
    name: NAME,
    async call(call, next) {
      if (call.policy.requestStream) return next(call);
      const method = methods.get(call.method);
      method.ceilingMs = call.policy.deadlineMs ?? Infinity;
      const timeoutMs = method.decider.timeoutMs(clock.monotonicMs(), method.ceilingMs);
      const mayCut = settings.cutNonIdempotent || call.policy.idempotency !== 'unknown';
      if (!mayCut || timeoutMs >= call.remainingMs()) {
        return timed(
          method,
          timeoutMs,
          call,
          () => next(call),
          (error) => error,
        );
      }
      const attempt = call.attempt(timeoutMs);
      wheel.add(attempt);
      try {
        return await timed(
          method,
          timeoutMs,
          attempt,
          () => next(attempt),
          (error) => {
            // With the call itself over, this timeout was not what ended it.
            if (call.ended) return error;
            onDecision(NAME, 'timed-out', call);
            return cutShort(call.method, timeoutMs, error);
          },
        );
      } finally {
        wheel.delete(attempt);
        attempt.finish();
        call.trailers = attempt.trailers;
        call.peer = attempt.peer;
      }
    },
    timeoutFor(path) {
      const method = methods.peek(path);
      return method === undefined ? Infinity : method.decider.timeoutMs(clock.monotonicMs(), method.ceilingMs);
    },
    configure(more) {
      settings = validSettings(more, settings);
      methods.setMax(settings.methodsMax);
      for (const [, { decider }] of methods.entries()) decider.configure(settings);
    },
    state: () => stateOf(methods, clock.monotonicMs()),
  };
}

function validSettings(changes: AdaptiveTimeoutOptions, base: Settings): Settings {
  const settings = changed(base, { ...changes });
  const { cutNonIdempotent, methodsMax, ...timeout } = settings;
  if (typeof cutNonIdempotent !== 'boolean') {
    throw new TypeError(`cutNonIdempotent must be true or false, got ${String(cutNonIdempotent)}`);
  }
  integerWithin('methodsMax', methodsMax, 1, 100_000);
  return { ...settings, ...adaptiveTimeoutSettings(timeout) };
}

function isLate(error: unknown): error is StatusError {
  return error instanceof StatusError && error.code === StatusCode.DEADLINE_EXCEEDED;
}

function cutShort(method: string, timeoutMs: number, cause: StatusError): StatusError {
  return new StatusError({
    code: StatusCode.DEADLINE_EXCEEDED,
    reason: 'ADAPTIVE_TIMEOUT',
    message: `${method} was not answered in ${Math.round(timeoutMs)} ms, much longer than it takes`,
    cause,
  });
}

function stateOf(methods: Keyed<Method>, nowMs: number): PolicyState {
  const state: Record<string, string | number | boolean> = { methods: methods.size };
  for (const [path, { decider, ceilingMs }] of methods.entries()) {
    const timeoutMs = decider.timeoutMs(nowMs, ceilingMs);
    if (timeoutMs !== Infinity) state[`${path}.timeoutMs`] = timeoutMs;
    state[`${path}.latencyMs`] = decider.learned.latencyMs;
    state[`${path}.floorMs`] = decider.learned.floorMs;
  }
  return state;
}

import type { Interceptor } from '@grpc/grpc-js';
import { systemClock, type Clock } from '@giftmesh/kernel-time';
import { wrapCall, wrapStream, type ClientPolicy, type Make } from '@giftmesh/mesh-context';
import { DeadlineWheel, RESERVE_MS } from '@giftmesh/mesh-deadline';
import { undeclaredPolicy, type MethodPolicy } from '@giftmesh/mesh-policy';
import { DirectClientCall } from './direct-client-call';
import { attemptOf, RepeatableClientCall } from './repeatable-client-call';
import { StatusMaker, type OnInternalCallError } from './status-maker';

export interface ClientInterceptorOptions {
  /** Around every call, the first is the outermost. Default none: deadlines and cancellation alone. */
  readonly policies?: readonly ClientPolicy[];
  /** By path; see `methodPolicies` of mesh-policy. Methods that are not in it have no deadline of their own. Default empty. */
  readonly methodPolicies?: ReadonlyMap<string, MethodPolicy>;
  /** `ErrorInfo.domain` of what is refused on this side. Default empty. */
  readonly errorDomain?: string;
  /** Default the process's real time. */
  readonly clock?: Clock;
  /** Milliseconds kept back from the current call's time for its own answer. Default 5. */
  readonly reserveMs?: number;
  /** Told of everything a policy threw that is no StatusError. Default: nobody is told. */
  readonly onInternalError?: OnInternalCallError;
}

/** What the calls of one interceptor share. */
export interface ClientSetting {
  readonly policies: readonly ClientPolicy[];
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  readonly statuses: StatusMaker;
  readonly reserveMs: number;
  /** Makes calls with one request and one answer; undefined when no policy would repeat or replace them. */
  readonly makeCall: Make<Promise<unknown>> | undefined;
  /** The same for calls with one request and a stream of answers. */
  readonly makeStream: Make<AsyncIterable<unknown>> | undefined;
}

/**
 * One native interceptor of grpc-js that runs all policies, for `new Client(address, credentials, { interceptors: [...] })`.
 *
 * A call gets min(its own deadline, the method's, what is left to the call that the running code serves − reserve), ends with that
 * call, and fails at once when nothing is left. `begin` and `end` of policies are run for calls of all kinds; `call` around those with
 * one request and one answer, `stream` around those with one request and a stream of answers. Requests that come as a stream can't be
 * sent again: there, `call` and `stream` are left out.
 *
 * Throws RangeError for a negative `reserveMs`.
 */
export function clientInterceptor(options: ClientInterceptorOptions = {}): Interceptor {
  const { policies = [], clock = systemClock, reserveMs = RESERVE_MS } = options;
  if (!(reserveMs >= 0)) throw new RangeError(`reserveMs must be 0 or more, got ${reserveMs}`);
  const repeats = policies.some(({ call }) => call !== undefined);
  const replaces = policies.some(({ stream }) => stream !== undefined);
  const setting: ClientSetting = {
    policies,
    clock,
    wheel: new DeadlineWheel({ clock }),
    statuses: new StatusMaker(options.errorDomain ?? '', options.onInternalError),
    reserveMs,
    makeCall: repeats ? wrapCall(policies, (call, sender) => attemptOf(sender).call(call)) : undefined,
    makeStream: replaces ? wrapStream(policies, (call, sender) => attemptOf(sender).stream(call)) : undefined,
  };
  return (callOptions, nextCall) => {
    const { path, requestStream, responseStream } = callOptions.method_definition;
    const policy = options.methodPolicies?.get(path) ?? undeclaredPolicy({ requestStream, responseStream });
    const repeatable = !requestStream && (responseStream ? setting.makeStream : setting.makeCall) !== undefined;
    return new (repeatable ? RepeatableClientCall : DirectClientCall)(setting, policy, callOptions, nextCall);
  };
}

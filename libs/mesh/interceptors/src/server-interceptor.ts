import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { systemClock, type Clock } from '@giftmesh/kernel-time';
import { composeAround, type Around, type DrainNotice, type ServerPolicy } from '@giftmesh/mesh-context';
import { DeadlineWheel, QUEUEING_MS_MAX } from '@giftmesh/mesh-deadline';
import { undeclaredPolicy, type MethodPolicy } from '@giftmesh/mesh-policy';
import { InterceptedServerCall } from './intercepted-server-call';
import { StatusMaker, type OnInternalCallError } from './status-maker';

export interface ServerInterceptorOptions {
  /** Around every call, the first is the outermost. Default none: deadlines, cancellation and `currentCall()` alone. */
  readonly policies?: readonly ServerPolicy[];
  /** By path; see `methodPolicies` of mesh-policy. Methods that are not in it get no deadline and no priority. Default empty. */
  readonly methodPolicies?: ReadonlyMap<string, MethodPolicy>;
  /** `ErrorInfo.domain` of the policies' refusals: who owns the reasons. */
  readonly errorDomain: string;
  /** Default the process's real time. */
  readonly clock?: Clock;
  /** Methods, by path, that no policy sees. Default `isInfrastructure`. */
  readonly exempt?: (path: string) => boolean;
  /** Told of everything a policy threw that no caller may see. Default: nobody is told, which is not for production. */
  readonly onInternalError?: OnInternalCallError;
  /** The longest wait before this server that a deadline stamp is believed to show, milliseconds. Default 5,000; 0 ignores stamps. */
  readonly queueingMsMax?: number;
  /** For `CallContext.draining`. Default: the server never drains. */
  readonly drainNotice?: DrainNotice;
}

/** What the calls of one interceptor share. */
export interface ServerSetting {
  readonly policies: readonly ServerPolicy[];
  /** Undefined when no policy has an `around`: then answers need not be held back. */
  readonly around: Around | undefined;
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  readonly statuses: StatusMaker;
  readonly queueingMsMax: number;
  readonly drainNotice: DrainNotice | undefined;
}

/** Health checks and reflection: whoever looks after an overloaded server must be able to see it. */
export function isInfrastructure(path: string): boolean {
  return path.startsWith('/grpc.health.') || path.startsWith('/grpc.reflection.');
}

/**
 * One native interceptor of grpc-js that runs all policies, for `new Server({ interceptors: [serverInterceptor({ ... })] })`.
 *
 * Handlers stay as they are, and all that they start runs inside the call: `currentCall()` has its deadline, signal and metadata.
 * A call that comes too late, or that a policy refuses in `begin`, is answered when its metadata is there: its request is neither
 * read nor parsed, and its handler never runs.
 *
 * Throws RangeError for a negative `queueingMsMax`.
 */
export function serverInterceptor(options: ServerInterceptorOptions): ServerInterceptor {
  const { policies = [], clock = systemClock, exempt = isInfrastructure, queueingMsMax = QUEUEING_MS_MAX } = options;
  if (!(queueingMsMax >= 0)) throw new RangeError(`queueingMsMax must be 0 or more, got ${queueingMsMax}`);
  const setting: ServerSetting = {
    policies,
    around: policies.some(({ around }) => around !== undefined) ? composeAround(policies) : undefined,
    clock,
    wheel: new DeadlineWheel({ clock }),
    statuses: new StatusMaker(options.errorDomain, options.onInternalError),
    queueingMsMax,
    drainNotice: options.drainNotice,
  };
  return (definition, call) => {
    if (exempt(definition.path)) return new ServerInterceptingCall(call);
    const policy = options.methodPolicies?.get(definition.path) ?? undeclaredPolicy(definition);
    return new InterceptedServerCall(
      setting,
      { path: definition.path, policy, single: !definition.responseStream },
      call,
    );
  };
}

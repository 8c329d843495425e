import { assertNever, StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { noDecisions, type CallContext, type OnDecision, type ServerPolicy } from '@giftmesh/mesh-context';
import { decideCaller } from './authorization-decider';
import { callerIdentity, type CallerIdentity } from './caller-identity-decider';

export interface AuthorizationOptions {
  /** Who the server is now, by its own certificate: `() => certificates.identity`. Neighbours are known by their short names. */
  readonly own: () => CallerIdentity;
  /** Decisions: `unidentified`, `forbidden`. */
  readonly onDecision?: OnDecision;
}

/**
 * Lets a call in when its method's `callers` (see `MethodPolicy`) name who calls, by the certificate of the connection. A caller without an
 * identity ends with UNAUTHENTICATED, reason CALLER_UNIDENTIFIED; one that is not named with PERMISSION_DENIED, reason CALLER_NOT_ALLOWED, and
 * its name as `caller` in the metadata. A method that names nobody is called by nobody. Calls from within the process are let in.
 */
export function authorizationPolicy(
  options: AuthorizationOptions,
): ServerPolicy & Required<Pick<ServerPolicy, 'begin' | 'state'>> {
  const { own, onDecision = noDecisions } = options;
  const refused = { unidentified: 0, forbidden: 0 };
  return {
    name: 'authorization',
    begin: (call) => {
      if (!call.isRemote) return;
      const caller = callerIdentity(call.peerAltNames);
      const decision = decideCaller({ callers: call.policy.callers ?? [], caller, own: own() });
      if (decision.kind === 'allowed') return;
      refused[decision.kind] += 1;
      onDecision('authorization', decision.kind, call);
      switch (decision.kind) {
        case 'unidentified':
          throw callerUnidentified(call, decision.problem);
        case 'forbidden':
          throw callerNotAllowed(call, decision.caller);
        default:
          assertNever(decision);
      }
    },
    state: () => ({ ...refused }),
  };
}

function callerUnidentified({ method }: CallContext, problem: string): StatusError {
  return new StatusError({
    code: StatusCode.UNAUTHENTICATED,
    reason: 'CALLER_UNIDENTIFIED',
    message: `${method} wants to know its caller, who shows ${problem}`,
  });
}

function callerNotAllowed({ method }: CallContext, caller: string): StatusError {
  return new StatusError({
    code: StatusCode.PERMISSION_DENIED,
    reason: 'CALLER_NOT_ALLOWED',
    message: `${caller} may not call ${method}`,
    metadata: { caller },
  });
}

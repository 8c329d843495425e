import { StatusCode, StatusError } from '@giftmesh/kernel-errors';

/** `StatusError.reason` of calls that were shed. RESOURCE_EXHAUSTED alone may as well be a quota. */
export const OVERLOADED = 'OVERLOADED';

/** gRPC's trailer with the wait before a retry; −1 for none at all. */
export const PUSHBACK_TRAILER = 'grpc-retry-pushback-ms';

/** Who shed a call, and why. */
export type ShedBy = 'level' | 'queue' | 'wait' | 'caller';

const messages: Readonly<Record<ShedBy, string>> = {
  level: 'the server is overloaded and serves more important calls',
  queue: 'the server is overloaded, and its queue is full',
  wait: 'the server is overloaded: the call has waited for too long',
  caller: 'the server was overloaded: the call was not sent',
};

/** The error of a call that was shed. */
export function overloaded(by: ShedBy): StatusError {
  return new StatusError({
    code: StatusCode.RESOURCE_EXHAUSTED,
    reason: OVERLOADED,
    message: messages[by],
    metadata: { shedBy: by },
  });
}

import { experimental, Metadata } from '@grpc/grpc-js';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { toGrpcStatus } from '@giftmesh/mesh-errors';

/** `ErrorInfo.domain` of what this library refuses. */
export const BALANCER_ERROR_DOMAIN = 'mesh-balancer';

/** gRPC's pushback (gRFC A6); a negative number says: don't retry. */
const RETRY_PUSHBACK_HEADER = 'grpc-retry-pushback-ms';

/**
 * How a call ends that all backends would shed: at once with RESOURCE_EXHAUSTED, also when it would wait for a ready connection, and
 * grpc-js does not retry it (a drop). A picker's status may carry trailers, so the reason does get to the caller: OVERLOADED with
 * `shed_by: caller` in `grpc-status-details-bin`, and the pushback that keeps other retriers from trying.
 */
export function shedPick(): experimental.PickResult {
  const error = new StatusError({
    code: StatusCode.RESOURCE_EXHAUSTED,
    reason: 'OVERLOADED',
    message: 'every backend sheds calls like this; not sent',
    metadata: { shed_by: 'caller' },
  });
  const { metadata, ...status } = toGrpcStatus(error, { domain: BALANCER_ERROR_DOMAIN });
  const trailers = metadata ?? new Metadata();
  trailers.set(RETRY_PUSHBACK_HEADER, '-1');
  return {
    pickResultType: experimental.PickResultType.DROP,
    subchannel: null,
    status: { ...status, metadata: trailers },
    onCallStarted: null,
    onCallEnded: null,
  };
}

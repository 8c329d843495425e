import { StatusCode, StatusError } from '@giftmesh/kernel-errors';

/** The error of calls on a transport that was closed on this side. */
export function transportClosed(): StatusError {
  return new StatusError({
    code: StatusCode.UNAVAILABLE,
    reason: 'TRANSPORT_CLOSED',
    message: 'the transport was closed',
  });
}

/** The error of calls whose other side is gone. */
export function peerGone(): StatusError {
  return new StatusError({ code: StatusCode.UNAVAILABLE, reason: 'PEER_GONE', message: 'the other side is gone' });
}

/** The error of a method that the other side does not have. */
export function unimplemented(method: string): StatusError {
  return new StatusError({
    code: StatusCode.UNIMPLEMENTED,
    reason: 'UNIMPLEMENTED',
    message: `${method} is not served here`,
  });
}

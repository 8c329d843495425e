import { StatusCode, StatusError } from '@giftmesh/kernel-errors';

/** gRPC's trailer that tells a caller after how many milliseconds to try again (gRFC A6); -1 for never. */
export const RETRY_PUSHBACK_TRAILER = 'grpc-retry-pushback-ms';

/**
 * The error of a call that a rate limit refused: RESOURCE_EXHAUSTED, reason RATE_LIMITED, with `retryDelayMs` unless that is never.
 * @param limit the limit's name.
 */
export function rateLimited(limit: string, retryAfterMs: number): StatusError {
  const never = retryAfterMs === Infinity;
  return new StatusError({
    code: StatusCode.RESOURCE_EXHAUSTED,
    reason: 'RATE_LIMITED',
    message: never ? `more than the rate limit ${limit} gives at once` : `the rate limit ${limit} is reached`,
    metadata: { limit },
    ...(never ? {} : { retryDelayMs: retryAfterMs }),
  });
}

import { contextKey, currentCall, type CallContext, type ServerPolicy } from '@giftmesh/mesh-context';
import { NO_RETRY, PUSHBACK_TRAILER } from './pushback';

/** Holds the call itself: in one process a call's values are seen by the calls it makes, and those are not meant. */
const key = contextKey<CallContext>('not to be retried by its callers');

/**
 * Says of the call that is being served that its callers shall not try it again if it fails: someone behind it said so, or all
 * retrying that makes sense was done. The retry and hedging policies do it by themselves; call it for work that they cannot see
 * the call of, like batches. Does nothing outside of calls, or without `noRetryUpward`.
 */
export function markNoRetry(serving: CallContext | undefined = currentCall()): void {
  serving?.set(key, serving);
}

/**
 * For servers: an answer that failed after one of the calls behind it was given up by a retry or hedging policy carries
 * `grpc-retry-pushback-ms: -1`, so that only one layer retries. Without it each layer multiplies the tries of the one above:
 * three tries in each of three layers are 27. A pushback that is already among the trailers stays.
 */
export function noRetryUpward(): ServerPolicy {
  return {
    name: 'no-retry-upward',
    end: (call, error) => {
      if (error === undefined || call.get(key) !== call || call.trailers.has(PUSHBACK_TRAILER)) return;
      call.setTrailer(PUSHBACK_TRAILER, NO_RETRY);
    },
  };
}

import { StatusError } from '@giftmesh/kernel-errors';
import type { CallContext, ServerPolicy } from '@giftmesh/mesh-context';
import { RateLimitGate, type RateLimitPolicyOptions, type RateLimitSettings } from './rate-limit-gate';
import { RETRY_PUSHBACK_TRAILER } from './rate-limited';

/** A policy whose rules can be changed while calls go on. */
export interface Configurable {
  /**
   * Replaces all rules; those that did not change keep their counts. Throws TypeError or RangeError with name and value, and keeps the
   * rules it had, when anything is wrong.
   */
  readonly configure: (settings: RateLimitSettings) => void;
}

/**
 * Limits the rate of incoming calls. A refused call ends with RESOURCE_EXHAUSTED, reason RATE_LIMITED, RetryInfo and the trailer
 * `grpc-retry-pushback-ms`; both say when it would have succeeded if nobody else called (-1 in the trailer: never).
 *
 * Throws TypeError or RangeError for a bad option, with name and value.
 */
export function rateLimitPolicy(
  options: RateLimitPolicyOptions<CallContext>,
): ServerPolicy & Configurable & Required<Pick<ServerPolicy, 'begin' | 'state'>> {
  const gate = new RateLimitGate(options);
  const refuse = (call: CallContext, error: unknown): never => {
    if (error instanceof StatusError && error.reason === 'RATE_LIMITED')
      call.setTrailer(RETRY_PUSHBACK_TRAILER, String(error.retryDelayMs ?? -1));
    throw error;
  };
  return {
    name: gate.name,
    begin: (call) => {
      try {
        return gate.enter(call)?.catch((error: unknown) => refuse(call, error));
      } catch (error) {
        return refuse(call, error);
      }
    },
    state: () => gate.state(),
    configure: (settings) => gate.configure(settings),
  };
}

import type { ClientPolicy, OutgoingCall } from '@giftmesh/mesh-context';
import { RateLimitGate, type RateLimitPolicyOptions } from './rate-limit-gate';
import type { Configurable } from './rate-limit-policy';

/**
 * Limits the rate of outgoing calls: for a backend that sells so many calls a second, or to pace a batch (`maxWaitMs`). A call that is
 * refused is never made; it ends with RESOURCE_EXHAUSTED, reason RATE_LIMITED, and `retryDelayMs`.
 *
 * Outside of a retry policy it counts calls, inside of it tries. Throws TypeError or RangeError for a bad option, with name and value.
 */
export function clientRateLimitPolicy(
  options: RateLimitPolicyOptions<OutgoingCall>,
): ClientPolicy & Configurable & Required<Pick<ClientPolicy, 'call' | 'stream' | 'state'>> {
  const gate = new RateLimitGate(options);
  return {
    name: gate.name,
    // A promise for those only that wait.
    call: (call, next) => {
      try {
        const waiting = gate.enter(call);
        return waiting === undefined ? next(call) : waiting.then(() => next(call));
      } catch (error) {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it came
        return Promise.reject(error);
      }
    },
    stream: async function* (call, next) {
      await gate.enter(call);
      yield* next(call);
    },
    state: () => gate.state(),
    configure: (settings) => gate.configure(settings),
  };
}

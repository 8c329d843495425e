import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import type { SimulatedClock } from '@giftmesh/kernel-time';
import { OutgoingCall } from '@giftmesh/mesh-context';
import type { MethodPolicy } from '@giftmesh/mesh-policy';

/** A call for tests, with what they want to be different. */
export function outgoing(
  clock: SimulatedClock,
  options: { method?: string; timeoutMs?: number; policy?: Partial<MethodPolicy> } = {},
): OutgoingCall {
  return new OutgoingCall({
    method: options.method ?? '/shop.v1.Shop/Buy',
    clock,
    deadlineMs: clock.monotonicMs() + (options.timeoutMs ?? Infinity),
    policy: {
      deadlineMs: undefined,
      priority: 0,
      idempotency: 'unknown',
      requestStream: false,
      responseStream: false,
      ...options.policy,
    },
  });
}

/** An error with a code, and its name or another word as the reason. */
export function failed(name: keyof typeof StatusCode, reason: string = name): StatusError {
  return new StatusError({ code: StatusCode[name], reason, message: reason });
}

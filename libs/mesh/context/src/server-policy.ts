import type { CallContext } from './call-context';

/**
 * Something that happens around a call: admission, telemetry, lanes. `next` runs what is further inside, at last the
 * handler; call it once, or not at all and throw a StatusError to refuse the call. What it rejects with is a StatusError.
 * For streams its promise covers the whole stream, until the last message was taken, and its value is undefined. What a
 * policy throws is the call's answer. The request is decoded inside of the innermost policy, so refusing costs no decoding.
 */
export type ServerPolicy = (call: CallContext, next: () => Promise<unknown>) => Promise<unknown>;

/** Policies made into one. */
export type ComposedPolicy = (call: CallContext, innermost: () => Promise<unknown>) => Promise<unknown>;

/** Composes policies once, the first being the outermost: a call then costs one closure a policy. */
export function composePolicies(policies: readonly ServerPolicy[]): ComposedPolicy {
  let composed: ComposedPolicy = (_call, innermost) => innermost();
  for (const policy of [...policies].reverse()) {
    const inner = composed;
    composed = (call, innermost) => policy(call, () => inner(call, innermost));
  }
  return composed;
}

import type { StatusError } from '@giftmesh/kernel-errors';
import type { MethodPolicy } from '@giftmesh/mesh-policy';
import type { CallContext } from './call-context';
import type { CallMetadata } from './metadata';
import type { PolicyState } from './policy-state';

/**
 * Something that happens around incoming calls: admission, telemetry, lanes. Calls that answer once and streams alike.
 *
 * `begin` and `end` cost no promise, so they are what most policies are made of; `around` is for those that change
 * answers or errors. A refused call's request is never decoded.
 */
export interface ServerPolicy {
  /** For metrics and state, `admission` for one. */
  readonly name: string;
  /**
   * Before the handler: return to let the call in, throw a StatusError to refuse it, return a promise to let it wait. One
   * that lets calls wait watches `call.onCancel`, since the call may end meanwhile.
   */
  readonly begin?: (call: CallContext) => void | Promise<void>;
  /**
   * After the call: exactly once for each call that `begin` let in, when it was answered (`error` is undefined), failed or
   * was cancelled; for a stream, when its last message was taken. Trailers can still be set. Must not throw.
   */
  readonly end?: (call: CallContext, error: StatusError | undefined) => void;
  /**
   * After the handler, once for each call that `begin` let in: with `end`, but for a call that was cancelled while its handler goes on,
   * later, or never when the handler does not end. What a call holds of the process is free then. Must not throw.
   */
  readonly done?: (call: CallContext) => void;
  /**
   * Around the handler: `next` runs what is further inside, call it once or not at all. Rejections are StatusErrors. For
   * streams the promise covers the whole stream, and its value is undefined.
   */
  readonly around?: Around;
  /**
   * A look at calls as soon as their metadata is there, for policies that refuse many: it is two thirds of the price of a
   * refusal in `begin`, and most of what is left is HTTP/2's.
   */
  readonly early?: EarlyCheck | undefined;
  /** A call was refused by an early check of any policy, so that no `begin` or `end` sees it. For counters. Must not throw. */
  readonly refused?: (arrival: EarlyArrival, error: StatusError) => void;
  /** What it has in mind now, for people. */
  readonly state?: () => PolicyState;
}

/** See `ServerPolicy.early`. */
export interface EarlyCheck {
  /** Whether any call would be refused now. While false, calls go by untouched. */
  active(): boolean;
  /** How to refuse a call, undefined to let it come to `begin`. Returning the same object again saves its encoding. */
  refusal(arrival: EarlyArrival): Refusal | undefined;
}

/** A call of which only the metadata is there. */
export interface EarlyArrival {
  readonly method: string;
  readonly policy: MethodPolicy;
  readonly metadata: CallMetadata;
}

/** The answer to a call that is refused. Frozen once made. */
export interface Refusal {
  readonly error: StatusError;
  readonly trailers: ReadonlyMap<string, string>;
}

/** See `ServerPolicy.around`. */
export type Around = (call: CallContext, next: () => Promise<unknown>) => Promise<unknown>;

/** Composes the `around`s of policies once, the first being the outermost: a call then costs one closure for each. */
export function composeAround(policies: readonly ServerPolicy[]): Around {
  let composed: Around = (_call, innermost) => innermost();
  for (const { around } of [...policies].reverse()) {
    if (around === undefined) continue;
    const inner = composed;
    composed = (call, innermost) => around(call, () => inner(call, innermost));
  }
  return composed;
}

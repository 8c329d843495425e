import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallContext } from './call-context';

const calls = new AsyncLocalStorage<CallContext | undefined>();

/** The call that the running code serves, undefined outside of calls. Follows awaits, timers and events. */
export function currentCall(): CallContext | undefined {
  return calls.getStore();
}

/** Runs `fn`, and all that it starts, as part of a call. */
export function runInCall<T>(context: CallContext, fn: () => T): T {
  return calls.run(context, fn);
}

/**
 * Runs `fn`, and all that it starts, outside of any call. For work that many calls share (a batch, a cache fill, a
 * reconnecting stream): without this it would inherit the deadline and the cancellation of whichever call came first.
 */
export function runOutsideCall<T>(fn: () => T): T {
  return calls.run(undefined, fn);
}

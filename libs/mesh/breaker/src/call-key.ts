import type { OutgoingCall } from '@giftmesh/mesh-context';

/** What is kept apart: each service, each method, nothing, or what a function says. */
export type KeyBy = 'service' | 'method' | 'all' | ((call: OutgoingCall) => string);

/** Throws TypeError for what is no KeyBy. */
export function validKeyBy(keyBy: KeyBy): KeyBy {
  if (typeof keyBy === 'function' || keyBy === 'service' || keyBy === 'method' || keyBy === 'all') return keyBy;
  throw new TypeError(`keyBy must be service, method, all or a function, got ${String(keyBy)}`);
}

/** The key of a call. */
export function keyOf(keyBy: KeyBy, call: OutgoingCall): string {
  if (keyBy === 'service') return call.method.slice(1, call.method.lastIndexOf('/'));
  if (keyBy === 'method') return call.method;
  return keyBy === 'all' ? 'all' : keyBy(call);
}

import { currentCall, runInCall, runOutsideCall, type Call } from '@giftmesh/mesh-context';

/**
 * The caller's requests, for the side that sends or handles them: each step of the caller's iterable runs in the
 * caller's own context, and reading fails as soon as the call is cancelled, however long the caller would still think.
 */
export function requestsOf(input: unknown, call: Call): AsyncIterableIterator<unknown> {
  const caller = currentCall();
  const inCaller = <T>(fn: () => T): T => (caller === undefined ? runOutsideCall(fn) : runInCall(caller, fn));
  const iterator = inCaller(() => (input as AsyncIterable<unknown>)[Symbol.asyncIterator]());
  const iterable: AsyncIterableIterator<unknown> = {
    [Symbol.asyncIterator]: () => iterable,
    next: () =>
      new Promise((resolve, reject) => {
        const stop = call.onCancel(reject);
        inCaller(() => Promise.resolve(iterator.next()))
          .then(resolve, reject)
          .finally(stop);
      }),
    return: () => {
      inCaller(() => Promise.resolve(iterator.return?.())).catch(() => undefined);
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  call.onCancel(() => void iterable.return?.());
  return iterable;
}

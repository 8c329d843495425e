import type { CallContext } from '@giftmesh/mesh-context';

/** A stream that fails at its first message. */
export function failedStream<T>(thrown: unknown): AsyncIterableIterator<T> {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const stream: AsyncIterableIterator<T> = {
    [Symbol.asyncIterator]: () => stream,
    next: () => Promise.reject(error),
    return: () => Promise.resolve({ value: undefined, done: true }),
  };
  return stream;
}

/** Calls `end` when the call is cancelled, and `drain` (`end` without one) when its server begins to drain. */
export function endWithCall(call: CallContext | undefined, end: () => void, drain = end): void {
  if (call === undefined) return;
  call.onCancel(end);
  const { draining } = call;
  if (draining.aborted) drain();
  else draining.addEventListener('abort', drain, { once: true });
}

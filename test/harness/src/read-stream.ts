import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { CallError } from './call-error';

/** Why reading ended: the server did, with OK or an error; enough was seen; or time was up. */
export type StreamEnd =
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly error: CallError }
  | { readonly kind: 'enough' }
  | { readonly kind: 'late' };

/**
 * Reads a stream until it ends, `enough` says so, or `timeoutMs` have passed, and cancels it then. Messages go to `onMessage`;
 * nothing is kept. Never rejects.
 */
export function readStream<T>(
  stream: Pick<ClientReadableStream<T>, 'on' | 'cancel'>,
  onMessage: (message: T) => void,
  options: { readonly timeoutMs?: number; readonly enough?: (message: T) => boolean } = {},
): Promise<StreamEnd> {
  const { timeoutMs = 10_000, enough = () => false } = options;
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    let done = false;
    const end = (how: StreamEnd): void => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      if (how.kind === 'enough' || how.kind === 'late') stream.cancel();
      resolve(how);
    };
    if (timeoutMs !== Infinity) timer = setTimeout(() => end({ kind: 'late' }), timeoutMs);
    stream.on('data', (message: T) => {
      if (done) return;
      onMessage(message);
      if (enough(message)) end({ kind: 'enough' });
    });
    // Stays subscribed: a cancelled stream says so by an error.
    stream.on('error', (error: Error) => end({ kind: 'failed', error: new CallError(error as ServiceError) }));
    stream.on('end', () => end({ kind: 'ended' }));
  });
}

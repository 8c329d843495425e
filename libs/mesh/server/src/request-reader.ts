import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { ObjectReader } from '@giftmesh/kernel-async';
import { callCancelled, type CallContext } from '@giftmesh/mesh-context';

/**
 * The requests of a client's stream, read one by one. Reading fails when the call is cancelled.
 *
 * A cancelled stream of requests looks finished first: Node ends the readable side of a stream that was reset, and a
 * client on Node even sends the end before the reset. grpc-js passes that on, so a handler would take half of the
 * requests for all of them. The end therefore waits for `END_TURNS` turns of the event loop, by which time the
 * cancellation was told if it came with the end (one turn in all of 2,000 cancelled calls; the other is reserve).
 */
export function requestReader(
  source: Readable,
  context: CallContext,
  decode: (bytes: Buffer) => unknown,
): AsyncIterableIterator<unknown> {
  const reader = new ObjectReader<unknown>(source, { decode, cutOff: () => callCancelled(context.method), beforeEnd });
  context.onCancel((reason) => reader.fail(reason));
  return reader;
}

const END_TURNS = 2;

async function beforeEnd(): Promise<void> {
  for (let turn = 0; turn < END_TURNS; turn += 1) await setImmediate();
}

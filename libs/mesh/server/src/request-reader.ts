import type { Readable } from 'node:stream';
import { ObjectReader } from '@giftmesh/kernel-async';
import { callCancelled, type CallContext } from '@giftmesh/mesh-context';

/** The requests of a client's stream, read one by one. Reading fails when the call is cancelled. */
export function requestReader(
  source: Readable,
  context: CallContext,
  decode: (bytes: Buffer) => unknown,
): AsyncIterableIterator<unknown> {
  const reader = new ObjectReader<unknown>(source, { decode, cutOff: () => callCancelled(context.method) });
  context.onCancel((reason) => reader.fail(reason));
  return reader;
}

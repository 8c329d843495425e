import type { Codec, LogRecord } from '@giftmesh/domain-money';

const LENGTH_BYTES = 4;

/** Joins values: each behind its length (uint32, little-endian). */
export function encodePayload<T>(values: readonly T[], codec: Codec<T>): Uint8Array {
  const encoded = values.map((value) => codec.encode(value));
  const size = encoded.reduce((sum, bytes) => sum + LENGTH_BYTES + bytes.length, 0);
  // Not from Buffer's pool: the bytes are handed over to the writer's thread, buffer and all.
  const payload = new Uint8Array(size);
  const view = new DataView(payload.buffer);
  let at = 0;
  for (const bytes of encoded) {
    view.setUint32(at, bytes.length, true);
    payload.set(bytes, at + LENGTH_BYTES);
    at += LENGTH_BYTES + bytes.length;
  }
  return payload;
}

/** The records of a batch. What can't be decoded comes with its bytes and the reason; so does all that a torn payload lacks. */
export function decodePayload<T>(
  partition: number,
  firstOffset: number,
  count: number,
  payload: Uint8Array,
  codec: Codec<T>,
): LogRecord<T>[] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const records: LogRecord<T>[] = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const offset = firstOffset + index;
    const length = at + LENGTH_BYTES <= payload.length ? view.getUint32(at, true) : Infinity;
    const start = at + LENGTH_BYTES;
    if (start + length > payload.length) {
      const content = { ok: false, bytes: payload.slice(at), problem: 'the stored batch is cut off' } as const;
      records.push({ partition, offset, content });
      at = payload.length;
      continue;
    }
    records.push({ partition, offset, content: decodeOne(payload.subarray(start, start + length), codec) });
    at = start + length;
  }
  return records;
}

function decodeOne<T>(bytes: Uint8Array, codec: Codec<T>): LogRecord<T>['content'] {
  try {
    return { ok: true, value: codec.decode(bytes) };
  } catch (error) {
    return { ok: false, bytes: bytes.slice(), problem: error instanceof Error ? error.message : String(error) };
  }
}

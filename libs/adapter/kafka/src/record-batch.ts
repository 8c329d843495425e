import type { Codec, LogRecord } from '@giftmesh/domain-money';
import { crc32c } from './crc32c';
import { readInt64, writeInt64 } from './kafka-bytes';

// A record batch of Kafka's message format 2 (KIP-98), where each field stands.
const LENGTH_AT = 8;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const COUNT_AT = 57;
const RECORDS_AT = 61;
/** Bytes that `LENGTH_AT` doesn't count. */
const UNCOUNTED_BYTES = 12;
const COMPRESSION_BITS = 0x07;
const CONTROL_BIT = 0x20;

/** The most bytes that a record has beside its value: length, attributes, two deltas, key's and value's length, headers. */
export const RECORD_OVERHEAD_BYTES = 5 + 1 + 1 + 5 + 1 + 5 + 1;
/** Bytes of a batch without records. */
export const BATCH_OVERHEAD_BYTES = RECORDS_AT;

/** A batch as producers write it: no key, no header, no compression, no producer id. */
export function encodeRecordBatch(values: readonly Uint8Array[], timestampMs: number): Buffer {
  let bytes = RECORDS_AT;
  values.forEach((value, index) => {
    const body = bodyBytes(value, index);
    bytes += varintBytes(body) + body;
  });
  const batch = Buffer.allocUnsafe(bytes);
  batch.fill(0, 0, RECORDS_AT);
  batch.writeInt32BE(bytes - UNCOUNTED_BYTES, LENGTH_AT);
  batch.writeInt32BE(-1, 12);
  batch.writeInt8(2, MAGIC_AT);
  batch.writeInt32BE(values.length - 1, 23);
  writeInt64(batch, timestampMs, 27);
  writeInt64(batch, timestampMs, 35);
  // No producer id, epoch and sequence.
  batch.fill(0xff, 43, COUNT_AT);
  batch.writeInt32BE(values.length, COUNT_AT);
  let at = RECORDS_AT;
  values.forEach((value, index) => {
    at = writeVarint(batch, bodyBytes(value, index), at);
    batch[at] = 0;
    batch[at + 1] = 0;
    at = writeVarint(batch, index, at + 2);
    at = writeVarint(batch, -1, at);
    at = writeVarint(batch, value.length, at);
    batch.set(value, at);
    at += value.length;
    batch[at] = 0;
    at += 1;
  });
  batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_AT), CRC_AT);
  return batch;
}

/**
 * The records of fetched batches from an offset on. Stops at a batch that is not whole. What cannot be understood is given as bytes
 * with the reason, each record at its place.
 */
export function decodeRecordBatches<T>(
  partition: number,
  bytes: Buffer,
  fromOffset: number,
  codec: Codec<T>,
): LogRecord<T>[] {
  const records: LogRecord<T>[] = [];
  for (let at = 0; at + RECORDS_AT <= bytes.length;) {
    const end = at + UNCOUNTED_BYTES + bytes.readInt32BE(at + LENGTH_AT);
    if (end > bytes.length || end < at + RECORDS_AT) break;
    decodeBatch(partition, bytes.subarray(at, end), fromOffset, codec, records);
    at = end;
  }
  return records;
}

function decodeBatch<T>(
  partition: number,
  batch: Buffer,
  fromOffset: number,
  codec: Codec<T>,
  records: LogRecord<T>[],
): void {
  const firstOffset = readInt64(batch, 0);
  const lastDelta = batch.readInt32BE(23);
  if (firstOffset + lastDelta < fromOffset) return;
  const damage = damageOf(batch);
  if (damage !== undefined) {
    // Where its records begin and end is not known, so the first has all bytes.
    for (let delta = 0; delta <= lastDelta; delta += 1) {
      const offset = firstOffset + delta;
      const rest = delta === 0 ? Buffer.from(batch.subarray(RECORDS_AT)) : Buffer.alloc(0);
      if (offset >= fromOffset)
        records.push({ partition, offset, content: { ok: false, bytes: rest, problem: damage } });
    }
    return;
  }
  const cursor = { bytes: batch, at: RECORDS_AT };
  const count = batch.readInt32BE(COUNT_AT);
  for (let index = 0; index < count; index += 1) {
    const end = readVarint(cursor) + cursor.at;
    cursor.at += 1;
    skipVarint(cursor);
    const offset = firstOffset + readVarint(cursor);
    const keyBytes = readVarint(cursor);
    cursor.at += Math.max(keyBytes, 0);
    const valueBytes = readVarint(cursor);
    const value = batch.subarray(cursor.at, cursor.at + Math.max(valueBytes, 0));
    cursor.at = end;
    if (offset >= fromOffset) records.push({ partition, offset, content: contentOf(value, valueBytes < 0, codec) });
  }
}

function damageOf(batch: Buffer): string | undefined {
  const magic = batch.readInt8(MAGIC_AT);
  if (magic !== 2) return `a batch of Kafka's message format ${magic}; format 2 is understood`;
  if (crc32c(batch, ATTRIBUTES_AT) !== batch.readUInt32BE(CRC_AT))
    return 'the batch is damaged: its checksum does not fit';
  const attributes = batch.readInt16BE(ATTRIBUTES_AT);
  if ((attributes & COMPRESSION_BITS) !== 0)
    return 'the batch is compressed, and this log is written without compression';
  if ((attributes & CONTROL_BIT) !== 0)
    return "the batch is a transaction's mark, and this log is written without transactions";
  return undefined;
}

function contentOf<T>(bytes: Buffer, isNull: boolean, codec: Codec<T>): LogRecord<T>['content'] {
  if (isNull) return { ok: false, bytes, problem: 'a record without a value' };
  try {
    return { ok: true, value: codec.decode(bytes) };
  } catch (error) {
    return { ok: false, bytes: Buffer.from(bytes), problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Bytes of a record behind its length. */
function bodyBytes(value: Uint8Array, index: number): number {
  return 1 + 1 + varintBytes(index) + 1 + varintBytes(value.length) + value.length + 1;
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

function varintBytes(value: number): number {
  let rest = zigzag(value) >>> 7;
  let bytes = 1;
  for (; rest !== 0; rest >>>= 7) bytes += 1;
  return bytes;
}

function writeVarint(target: Buffer, value: number, at: number): number {
  let rest = zigzag(value);
  let next = at;
  for (; rest > 0x7f; rest >>>= 7) {
    target[next] = (rest & 0x7f) | 0x80;
    next += 1;
  }
  target[next] = rest;
  return next + 1;
}

interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

function readVarint(cursor: Cursor): number {
  let result = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = cursor.bytes[cursor.at] as number;
    cursor.at += 1;
    result |= (byte & 0x7f) << shift;
    if ((byte & 0x80) === 0) return (result >>> 1) ^ -(result & 1);
  }
}

/** A time's delta may be longer than 32 bits. */
function skipVarint(cursor: Cursor): void {
  while (((cursor.bytes[cursor.at] as number) & 0x80) !== 0) cursor.at += 1;
  cursor.at += 1;
}

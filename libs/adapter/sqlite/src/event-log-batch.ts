import { crc32 } from 'node:zlib';
import type { Codec, LogRecord } from '@giftmesh/domain-money';

/** The most bytes of one encoded value. */
export const VALUE_BYTES_MAX = 4 * 1024 * 1024;

/** Bytes before each value: its length (uint32, little-endian). */
const LENGTH_BYTES = 4;

/** Encoded values of one commit for one partition. */
export interface EncodedBatch {
  readonly partition: number;
  readonly count: number;
  readonly payload: Uint8Array;
}

/** A batch as it stands in the file. */
export interface StoredBatch {
  readonly firstOffset: number;
  readonly count: number;
  readonly checksum: number;
  readonly payload: Uint8Array;
}

/** Joins encoded values. The payload has a buffer of its own, which can be handed to another thread. */
export function joinValues(values: readonly Uint8Array[]): Uint8Array {
  let bytes = 0;
  for (const value of values) bytes += LENGTH_BYTES + value.length;
  const payload = new Uint8Array(bytes);
  const view = new DataView(payload.buffer);
  let at = 0;
  for (const value of values) {
    view.setUint32(at, value.length, true);
    payload.set(value, at + LENGTH_BYTES);
    at += LENGTH_BYTES + value.length;
  }
  return payload;
}

/** To tell a payload that the disk has changed (CRC-32). */
export function checksumOf(payload: Uint8Array): number {
  return crc32(payload);
}

/**
 * Reads a stored batch piece by piece. What a damaged payload holds is given as bytes with the reason, each record at its place;
 * none is left out.
 */
export class BatchCursor<T> {
  readonly #view: DataView;
  readonly #damage: string | undefined;
  #at = 0;
  #offset: number;

  constructor(
    private readonly partition: number,
    private readonly batch: StoredBatch,
    private readonly codec: Codec<T>,
  ) {
    const { payload, checksum, firstOffset } = batch;
    this.#view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    this.#offset = firstOffset;
    if (checksumOf(payload) !== checksum) this.#damage = 'the stored batch is damaged: its checksum does not fit';
  }

  /** Offset of the next record. */
  get offset(): number {
    return this.#offset;
  }

  /** Offset behind the last record. */
  get endOffset(): number {
    return this.batch.firstOffset + this.batch.count;
  }

  /** Moves on to an offset of the batch that is not behind. */
  skipTo(offset: number): void {
    while (this.#offset < offset) this.#nextBytes();
  }

  next(): LogRecord<T> {
    const offset = this.#offset;
    return { partition: this.partition, offset, content: this.#contentOf(this.#nextBytes()) };
  }

  /** The next value's bytes; undefined when there can't be a value here any more. */
  #nextBytes(): Uint8Array | undefined {
    this.#offset += 1;
    const { payload } = this.batch;
    const start = this.#at + LENGTH_BYTES;
    const end = start <= payload.length ? start + this.#view.getUint32(this.#at, true) : Infinity;
    if (end > payload.length) return undefined;
    this.#at = end;
    return payload.subarray(start, end);
  }

  #contentOf(bytes: Uint8Array | undefined): LogRecord<T>['content'] {
    if (bytes === undefined) {
      const rest = this.batch.payload.slice(this.#at);
      this.#at = this.batch.payload.length;
      return { ok: false, bytes: rest, problem: 'the stored batch is damaged: it ends too early' };
    }
    if (this.#damage !== undefined) return { ok: false, bytes: bytes.slice(), problem: this.#damage };
    try {
      return { ok: true, value: this.codec.decode(bytes) };
    } catch (error) {
      return { ok: false, bytes: bytes.slice(), problem: error instanceof Error ? error.message : String(error) };
    }
  }
}

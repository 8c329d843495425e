/** Writes a request's body: big-endian, as Kafka's protocol has it. Grows as needed. */
export class ByteWriter {
  #bytes: Buffer;
  #at = 0;

  constructor(bytesExpected = 256) {
    this.#bytes = Buffer.allocUnsafe(bytesExpected);
  }

  /** The room with what has been written at its start. */
  get buf(): Buffer {
    return this.#bytes;
  }

  /** What has been written. */
  get buffer(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  size(): number {
    return this.#at;
  }

  int8(value: number): this {
    this.#at = this.#room(1).writeInt8(value, this.#at);
    return this;
  }

  int16(value: number): this {
    this.#at = this.#room(2).writeInt16BE(value, this.#at);
    return this;
  }

  int32(value: number): this {
    this.#at = this.#room(4).writeInt32BE(value, this.#at);
    return this;
  }

  int64(value: number): this {
    this.#at = writeInt64(this.#room(8), value, this.#at);
    return this;
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  string(value: string): this {
    const bytes = Buffer.byteLength(value);
    this.int16(bytes);
    this.#at += this.#room(bytes).write(value, this.#at);
    return this;
  }

  noString(): this {
    return this.int16(-1);
  }

  bytes(value: Uint8Array): this {
    this.int32(value.length);
    this.#room(value.length).set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  array<V>(values: readonly V[], write: (value: V) => void): this {
    this.int32(values.length);
    for (const value of values) write(value);
    return this;
  }

  #room(bytes: number): Buffer {
    if (this.#at + bytes > this.#bytes.length) {
      const bigger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + bytes));
      this.#bytes.copy(bigger, 0, 0, this.#at);
      this.#bytes = bigger;
    }
    return this.#bytes;
  }
}

/** Reads an answer's body. Throws RangeError behind its end. */
export class ByteReader {
  #at = 0;

  constructor(private readonly source: Buffer) {}

  int8(): number {
    return this.source.readInt8(this.#move(1));
  }

  int16(): number {
    return this.source.readInt16BE(this.#move(2));
  }

  int32(): number {
    return this.source.readInt32BE(this.#move(4));
  }

  int64(): number {
    return readInt64(this.source, this.#move(8));
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  string(): string {
    return this.nullableString() ?? '';
  }

  nullableString(): string | undefined {
    const bytes = this.int16();
    if (bytes < 0) return undefined;
    const start = this.#move(bytes);
    return this.source.toString('utf8', start, start + bytes);
  }

  /** A view on the source, not a copy. */
  bytes(): Buffer {
    const length = this.int32();
    if (length <= 0) return this.source.subarray(0, 0);
    const start = this.#move(length);
    return this.source.subarray(start, start + length);
  }

  array<V>(read: () => V): V[] {
    const count = this.int32();
    const values: V[] = [];
    for (let index = 0; index < count; index += 1) values.push(read());
    return values;
  }

  int32s(): number[] {
    return this.array(() => this.int32());
  }

  #move(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.source.length) throw new RangeError('the answer ends too early');
    this.#at = at + bytes;
    return at;
  }
}

const TWO_32 = 2 ** 32;

/** Writes an integer of at most 2^53 as int64; returns where it ends. */
export function writeInt64(target: Buffer, value: number, at: number): number {
  target.writeInt32BE(Math.floor(value / TWO_32), at);
  return target.writeUInt32BE(value >>> 0, at + 4);
}

/** Reads an int64. Throws RangeError beyond what a number holds exactly. */
export function readInt64(source: Buffer, at: number): number {
  const value = source.readInt32BE(at) * TWO_32 + source.readUInt32BE(at + 4);
  if (!Number.isSafeInteger(value)) throw new RangeError('an int64 beyond 2^53');
  return value;
}

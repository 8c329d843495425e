import fc from 'fast-check';
import { ByteReader, ByteWriter } from './kafka-bytes';

describe("bytes of Kafka's protocol", () => {
  it('are read as they were written', () => {
    const field = fc.oneof(
      fc.record({ kind: fc.constant('int8' as const), value: fc.integer({ min: -128, max: 127 }) }),
      fc.record({ kind: fc.constant('int16' as const), value: fc.integer({ min: -32_768, max: 32_767 }) }),
      fc.record({ kind: fc.constant('int32' as const), value: fc.integer() }),
      fc.record({ kind: fc.constant('int64' as const), value: fc.maxSafeInteger() }),
      fc.record({ kind: fc.constant('boolean' as const), value: fc.boolean() }),
      fc.record({ kind: fc.constant('string' as const), value: fc.string({ unit: 'grapheme' }) }),
      fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array() }),
    );
    fc.assert(
      fc.property(fc.array(field), fc.integer({ min: 1, max: 64 }), (fields, bytesExpected) => {
        const writer = new ByteWriter(bytesExpected);
        for (const { kind, value } of fields) (writer[kind] as (value: unknown) => void).call(writer, value);
        expect(writer.buffer.length).toBe(writer.size());
        const reader = new ByteReader(writer.buffer);
        for (const { kind, value } of fields)
          expect(reader[kind]()).toEqual(kind === 'bytes' ? Buffer.from(value as Uint8Array) : value);
        expect(() => reader.int8()).toThrow('ends too early');
      }),
    );
  });

  it('hold arrays and absent strings', () => {
    const writer = new ByteWriter();
    writer.array([3, 4], (value) => writer.int32(value)).noString();
    const reader = new ByteReader(writer.buffer);
    expect(reader.int32s()).toEqual([3, 4]);
    expect(reader.nullableString()).toBeUndefined();
  });

  it('refuse an int64 that a number does not hold', () => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(2n ** 53n);
    expect(() => new ByteReader(bytes).int64()).toThrow('beyond 2^53');
  });
});

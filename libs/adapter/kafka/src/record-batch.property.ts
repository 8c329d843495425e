import fc from 'fast-check';
import { crc32c } from './crc32c';
import { BATCH_OVERHEAD_BYTES, decodeRecordBatches, encodeRecordBatch, RECORD_OVERHEAD_BYTES } from './record-batch';
import { writeInt64 } from './kafka-bytes';

const codec = { encode: (bytes: Uint8Array) => bytes, decode: (bytes: Uint8Array) => Buffer.from(bytes) };
const anyValues = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 40 });

/** A batch as a broker gives it: at its place in the partition. The place is outside of the checksum. */
function at(offset: number, batch: Buffer): Buffer {
  const placed = Buffer.from(batch);
  writeInt64(placed, offset, 0);
  return placed;
}

describe('crc32c', () => {
  it.each([
    ['', 0],
    ['123456789', 0xe3069283],
    ['\0'.repeat(32), 0x8a9136aa],
    ['\xff'.repeat(32), 0x62a8ab43],
  ])('of %j is as in RFC 3720', (text, expected) => {
    expect(crc32c(Buffer.from(text, 'latin1'))).toBe(expected);
  });

  it('reads from anywhere to anywhere', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.nat(70), fc.nat(70), (bytes, start, end) => {
        const cut = bytes.slice(start, end);
        if (start <= end)
          expect(crc32c(bytes, Math.min(start, bytes.length), Math.min(end, bytes.length))).toBe(crc32c(cut));
      }),
    );
  });
});

describe('record batches', () => {
  it('are read as they were written, from any offset on', () => {
    const batches = fc.array(anyValues, { maxLength: 5 });
    fc.assert(
      fc.property(batches, fc.nat(2 ** 40), fc.nat(100), (all, first, skipped) => {
        const values = all.flat();
        let offset = first;
        const bytes = Buffer.concat(
          all.map((each) => {
            const batch = at(offset, encodeRecordBatch(each, 1_700_000_000_000));
            offset += each.length;
            return batch;
          }),
        );
        const records = decodeRecordBatches(3, bytes, first + skipped, codec);
        expect(records.map((record) => record.offset)).toEqual(values.map((_, index) => first + index).slice(skipped));
        for (const { offset: place, partition, content } of records) {
          expect(partition).toBe(3);
          expect(content).toEqual({ ok: true, value: Buffer.from(values[place - first] as Uint8Array) });
        }
      }),
    );
  });

  it('take no more than their overhead says', () => {
    fc.assert(
      fc.property(anyValues, (values) => {
        const bytes = values.reduce((sum, value) => sum + value.length + RECORD_OVERHEAD_BYTES, BATCH_OVERHEAD_BYTES);
        expect(encodeRecordBatch(values, Date.UTC(2200, 1)).length).toBeLessThanOrEqual(bytes);
      }),
    );
  });

  it('that are cut off are left for the next time', () => {
    fc.assert(
      fc.property(anyValues, anyValues, fc.double({ min: 0, max: 0.999, noNaN: true }), (whole, cut, share) => {
        const first = at(0, encodeRecordBatch(whole, 0));
        const second = at(whole.length, encodeRecordBatch(cut, 0));
        const bytes = Buffer.concat([first, second.subarray(0, Math.floor(second.length * share))]);
        expect(decodeRecordBatches(0, bytes, 0, codec)).toHaveLength(whole.length);
      }),
    );
  });

  it('that are damaged are given as bytes, every record at its place', () => {
    fc.assert(
      fc.property(anyValues, fc.nat(), fc.integer({ min: 1, max: 255 }), (values, place, change) => {
        const bytes = at(7, encodeRecordBatch(values, 0));
        // Behind the checksum, and not where the last offset stands: what that says is believed.
        const where = 27 + (place % (bytes.length - 27));
        bytes[where] = (bytes[where] as number) ^ change;
        const records = decodeRecordBatches(0, bytes, 7, codec);
        expect(records.map(({ offset }) => offset)).toEqual(values.map((_, index) => 7 + index));
        for (const { content } of records)
          expect(content).toMatchObject({ ok: false, problem: expect.stringContaining('checksum') });
      }),
    );
  });

  it('with values that make no sense give these as bytes, with the reason', () => {
    const picky = {
      ...codec,
      decode: (bytes: Uint8Array) => {
        if (bytes[0] === 1) throw new Error('not a one');
        return Buffer.from(bytes);
      },
    };
    const bytes = at(0, encodeRecordBatch([Buffer.of(0), Buffer.of(1), Buffer.of(2)], 0));
    expect(decodeRecordBatches(0, bytes, 0, picky).map(({ content }) => content)).toEqual([
      { ok: true, value: Buffer.of(0) },
      { ok: false, bytes: Buffer.of(1), problem: 'not a one' },
      { ok: true, value: Buffer.of(2) },
    ]);
  });

  it('of an older format, of a transaction or compressed are told', () => {
    const problemOf = (change: (batch: Buffer) => void): string => {
      const bytes = at(0, encodeRecordBatch([Buffer.of(0)], 0));
      change(bytes);
      bytes.writeUInt32BE(crc32c(bytes, 21), 17);
      const [record] = decodeRecordBatches(0, bytes, 0, codec);
      return record?.content.ok === false ? record.content.problem : 'none';
    };
    expect(problemOf(() => undefined)).toBe('none');
    expect(problemOf((batch) => batch.writeInt8(1, 16))).toContain('format 1');
    expect(problemOf((batch) => batch.writeInt16BE(2, 21))).toContain('compressed');
    expect(problemOf((batch) => batch.writeInt16BE(0x30, 21))).toContain('transaction');
  });
});

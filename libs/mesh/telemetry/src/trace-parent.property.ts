import fc from 'fast-check';
import { canonicalTraceParent, formatTraceParent, parseTraceParent, traceParentFlags } from './trace-parent';

const hex = (length: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
    .map((digits) => digits.join(''))
    .filter((id) => !/^0*$/.test(id));
const parent = fc.record({ traceId: hex(32), spanId: hex(16), flags: fc.constantFrom(0, 1, 2, 3) });

describe('traceparent', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(parent, (value) => {
        const header = formatTraceParent(value);
        expect(parseTraceParent(header)).toEqual(value);
        expect(canonicalTraceParent(header, value.flags)).toBe(header);
      }),
    );
  });

  it('never throws, and believes nothing else than ids', () => {
    const valid = fc.tuple(parent, fc.nat(60), fc.string({ maxLength: 2, unit: 'binary' })).map(([value, at, text]) => {
      const header = formatTraceParent(value);
      return header.slice(0, at) + text + header.slice(at + text.length);
    });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), valid), (header) => {
        const parsed = parseTraceParent(header);
        expect(traceParentFlags(header) >= 0).toBe(parsed !== undefined);
        if (parsed === undefined) return;
        expect(parsed.traceId).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
        expect(parsed.spanId).toMatch(/^(?!0+$)[0-9a-f]{16}$/);
        expect([0, 1, 2, 3]).toContain(parsed.flags);
        expect(parseTraceParent(canonicalTraceParent(header, parsed.flags))).toEqual(parsed);
      }),
      { numRuns: 1_000 },
    );
  });

  it('knows the flags of every byte', () => {
    for (let byte = 0; byte < 256; byte += 1) {
      const flags = byte.toString(16).padStart(2, '0');
      expect(traceParentFlags(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-${flags}`)).toBe(byte & 3);
    }
  });
});

// The little of HPACK (RFC 7541) that a gRPC load client needs: to write one constant header block, and to find
// grpc-status in a block. Our settings forbid the server a dynamic table, so a block can be read without the ones before.

const STATIC_TABLE_LENGTH = 61;
const METHOD_POST = 0x83;
const SCHEME_HTTP = 0x86;
const AUTHORITY_NAME = 1;
const PATH_NAME = 4;

/** The header block of a gRPC request; the same bytes serve every call. */
export function requestHeaderBlock(authority: string, path: string, timeoutMs: number): Buffer {
  const string = (text: string): Buffer => Buffer.concat([integer(text.length, 7, 0), Buffer.from(text, 'latin1')]);
  const named = (nameIndex: number, value: string): Buffer => Buffer.concat([integer(nameIndex, 4, 0), string(value)]);
  const literal = (name: string, value: string): Buffer => Buffer.concat([Buffer.of(0), string(name), string(value)]);
  return Buffer.concat([
    Buffer.of(METHOD_POST, SCHEME_HTTP),
    named(PATH_NAME, path),
    named(AUTHORITY_NAME, authority),
    literal('content-type', 'application/grpc'),
    literal('te', 'trailers'),
    literal('grpc-timeout', `${timeoutMs}m`),
  ]);
}

/** Status codes by the bytes that write them, plain and in Huffman's code. */
const STATUS_BY_BYTES = new Map<string, number>();
for (let code = 0; code <= 16; code += 1) {
  STATUS_BY_BYTES.set(`0${code}`, code);
  STATUS_BY_BYTES.set(`1${huffman(`${code}`)}`, code);
}
const GRPC_STATUS_NAMES = new Set(['0grpc-status', `1${huffman('grpc-status')}`]);

/** The value of grpc-status in a header block, undefined where there is none. Throws RangeError for a block that is cut off. */
export function grpcStatusIn(block: Buffer): number | undefined {
  let position = 0;
  const byte = (): number => {
    const value = block[position];
    if (value === undefined) throw new RangeError('the header block is cut off');
    position += 1;
    return value;
  };
  const readInteger = (first: number, prefixBits: number): number => {
    const limit = 2 ** prefixBits - 1;
    let value = first & limit;
    if (value < limit) return value;
    for (let shift = 0, next = 0x80; next >= 0x80; shift += 7) {
      next = byte();
      value += (next & 0x7f) * 2 ** shift;
    }
    return value;
  };
  /** The bytes as they stand, after a mark that tells whether they are in Huffman's code. */
  const readString = (): string => {
    const first = byte();
    const length = readInteger(first, 7);
    if (position + length > block.length) throw new RangeError('the header block is cut off');
    const bytes = block.toString('latin1', position, position + length);
    position += length;
    return `${first >> 7}${bytes}`;
  };
  while (position < block.length) {
    const first = byte();
    if ((first & 0x80) !== 0) readInteger(first, 7);
    else if ((first & 0xe0) === 0x20) readInteger(first, 5);
    else {
      const index = readInteger(first, (first & 0x40) !== 0 ? 6 : 4);
      if (index > STATIC_TABLE_LENGTH) throw new RangeError('the server uses a dynamic table in spite of our settings');
      const name = index === 0 ? readString() : '';
      const value = readString();
      if (GRPC_STATUS_NAMES.has(name)) return STATUS_BY_BYTES.get(value) ?? 2;
    }
  }
  return undefined;
}

function integer(value: number, prefixBits: number, pattern: number): Buffer {
  const limit = 2 ** prefixBits - 1;
  if (value < limit) return Buffer.of(pattern | value);
  const bytes = [pattern | limit];
  let rest = value - limit;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** Text in Huffman's code, padded with ones, as latin1. Knows the letters of `grpc-status` and the digits (RFC 7541, appendix B). */
function huffman(text: string): string {
  const codes: Readonly<Record<string, string>> = {
    0: '00000', 1: '00001', 2: '00010', 3: '011001', 4: '011010', 5: '011011', 6: '011100', 7: '011101', 8: '011110', 9: '011111',
    a: '00011', c: '00100', s: '01000', t: '01001', '-': '010110', g: '100110', p: '101011', r: '101100', u: '101101',
  }; // prettier-ignore
  const bits = [...text].map((letter) => codes[letter] ?? '').join('');
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
  return (padded.match(/.{8}/g) ?? []).map((eight) => String.fromCharCode(parseInt(eight, 2))).join('');
}

/** Protobuf's wire format by hand: for messages that no codec would write. */

const WIRE_TYPES = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, fixed32: 5 } as const;
export type WireType = keyof typeof WIRE_TYPES;

/** A varint of 64 bits; negative numbers take ten bytes. */
export function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

/** What stands before a field's value. */
export function tag(field: number, type: WireType): Buffer {
  return varint(BigInt(field * 8 + WIRE_TYPES[type]));
}

/** An integer, enum or bool field. Behind a message it replaces the field's value there. */
export function integerField(field: number, value: bigint): Buffer {
  return Buffer.concat([tag(field, 'varint'), varint(value)]);
}

/** A string, bytes or message field. */
export function bytesField(field: number, value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value as Uint8Array);
  return Buffer.concat([tag(field, 'bytes'), varint(BigInt(bytes.length)), bytes]);
}

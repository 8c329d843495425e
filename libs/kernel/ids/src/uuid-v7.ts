import { v7 } from 'uuid';
import type { Clock } from '@giftmesh/kernel-time';
import type { Random } from '@giftmesh/kernel-random';

const CANONICAL_UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** True for a UUIDv7 (RFC 9562) in canonical lower-case text. */
export function isUuidV7(text: string): boolean {
  return text.length === 36 && CANONICAL_UUID_V7.test(text);
}

/** The Unix milliseconds that a UUIDv7 carries. The text must be one: see {@link isUuidV7}. */
export function uuidV7TimeMs(id: string): number {
  return parseInt(id.slice(0, 8), 16) * 0x1_0000 + parseInt(id.slice(9, 13), 16);
}

/** The smallest UUIDv7 text of a millisecond: every id made at or after it sorts at or after this. */
export function lowestUuidV7At(timeMs: number): string {
  const hex = Math.max(0, Math.floor(timeMs)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7000-8000-000000000000`;
}

/** Makes UUIDv7 ids from the given clock and randomness. */
export function uuidV7Source(clock: Clock, random: Random): () => string {
  return () => v7({ msecs: clock.nowMs(), seq: random.integer(0, 0x7fffffff), random: random.bytes(16) });
}

const HEX_DIGITS = '0123456789abcdef';
const DIGIT_VALUES = Uint8Array.from(
  { length: 128 },
  (_, code) => HEX_DIGITS.indexOf(String.fromCharCode(code)) & 0xff,
);
/** Where the first digit of each byte stands in the text. */
const BYTE_PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;

/** The 16 bytes of a UUID in canonical lower-case text. Throws RangeError for a text with other digits. */
export function uuidToBytes(id: string): Buffer {
  // By hand: five times as fast as cutting the text for Buffer.from, and this runs several times a gift.
  const bytes = Buffer.allocUnsafe(16);
  for (let index = 0; index < 16; index += 1) {
    const place = BYTE_PLACES[index] as number;
    const high = DIGIT_VALUES[id.charCodeAt(place)] ?? 0xff;
    const low = DIGIT_VALUES[id.charCodeAt(place + 1)] ?? 0xff;
    if (high > 15 || low > 15) throw new RangeError(`${id.slice(0, 64)} is no UUID in canonical text`);
    bytes[index] = (high << 4) | low;
  }
  return bytes;
}

/** The canonical text of a UUID's 16 bytes. */
export function uuidFromBytes(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

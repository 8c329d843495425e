/** Distinguished Encoding Rules (ITU-T X.690), as far as certificates need them. */

/** A value with its tag and length. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const bytes = length < 0x80 ? [] : length < 0x100 ? [length] : [length >> 8, length & 0xff];
  const header = bytes.length === 0 ? [tag, length] : [tag, 0x80 | bytes.length, ...bytes];
  return Buffer.concat([Buffer.from(header), content]);
}

/** SEQUENCE of values. */
export const sequence = (...contents: readonly Uint8Array[]): Buffer => der(0x30, ...contents);
/** SET of values. */
export const set = (...contents: readonly Uint8Array[]): Buffer => der(0x31, ...contents);
/** OCTET STRING around a value. */
export const octetString = (...contents: readonly Uint8Array[]): Buffer => der(0x04, ...contents);
/** BIT STRING, the last `unusedBits` of which mean nothing. */
export const bitString = (content: Uint8Array, unusedBits = 0): Buffer => der(0x03, Buffer.from([unusedBits]), content);
/** BOOLEAN, true. */
export const isTrue = (): Buffer => der(0x01, Buffer.from([0xff]));
/** UTF8String. */
export const utf8String = (text: string): Buffer => der(0x0c, Buffer.from(text, 'utf8'));

/** A whole number from 0 to 2^31 - 1. */
export function integer(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(value, 1);
  let first = 0;
  // As short as can be, with a zero before a bit that would be a sign.
  while (first < 4 && bytes[first] === 0 && (bytes[first + 1] as number) < 0x80) first += 1;
  return der(0x02, bytes.subarray(first));
}

/** An object identifier from its dotted text. */
export function objectId(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return der(0x06, Buffer.from(bytes));
}

/** UTCTime, which reaches from 1950 to 2049. */
export function utcTime(unixMs: number): Buffer {
  const digits = new Date(unixMs).toISOString().replace(/\.\d+Z$|[-:T]/g, '');
  return der(0x17, Buffer.from(`${digits.slice(2)}Z`, 'ascii'));
}

/** Text with a tag of its context, as in a list of alternative names. */
export const ia5 = (tag: number, text: string): Buffer => der(0x80 | tag, Buffer.from(text, 'ascii'));

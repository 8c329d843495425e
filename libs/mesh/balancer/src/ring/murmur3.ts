const utf8 = new TextEncoder();

/**
 * MurmurHash3, 32 bits (x86 variant; Appleby, public domain), of a text's UTF-8 bytes. The same in every process and language. Not
 * for secrets: whoever chooses the keys can make them collide.
 * @returns an integer from 0 to 2^32 − 1.
 */
export function murmur3(text: string, seed = 0): number {
  const bytes = utf8.encode(text);
  const blocksEnd = bytes.length & ~3;
  let hash = seed | 0;
  for (let index = 0; index < blocksEnd; index += 4) {
    const block =
      byteAt(bytes, index) |
      (byteAt(bytes, index + 1) << 8) |
      (byteAt(bytes, index + 2) << 16) |
      (byteAt(bytes, index + 3) << 24);
    hash = Math.imul(rotate(hash ^ scramble(block), 13), 5) + 0xe6546b64;
  }
  let tail = 0;
  for (let index = bytes.length - 1; index >= blocksEnd; index -= 1) tail = (tail << 8) | byteAt(bytes, index);
  hash ^= scramble(tail);
  return finish(hash ^ bytes.length);
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}

function scramble(block: number): number {
  return Math.imul(rotate(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** Lets every bit of the input change half the bits of the output. */
function finish(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

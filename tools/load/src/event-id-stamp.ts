/** Bytes of an event id in text. */
export const EVENT_ID_LENGTH = 36;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const ZERO = 0x30;
const LETTER = 0x61 - 10;

/**
 * Writes UUIDv7 texts straight into request buffers, so that a load client pays nanoseconds for a fresh id: the time, a
 * 42-bit number that is the client's own, and a running number in the last 32 bits, by which an answer finds its request.
 */
export class EventIdStamp {
  readonly #own: readonly [randA: string, randB: string, node: string];
  #timeMs = -1;
  #head = '';
  #next = 0;

  /** @param ownNumber tells this client's ids from those of others; a whole number below 2^42. */
  constructor(ownNumber: number) {
    if (!Number.isInteger(ownNumber) || ownNumber < 0 || ownNumber >= 2 ** 42)
      throw new RangeError(`ownNumber must be a whole number below 2^42, is ${ownNumber}`);
    const hex = ownNumber.toString(2).padStart(42, '0');
    const part = (from: number, to: number, digits: number): string =>
      parseInt(hex.slice(from, to), 2).toString(16).padStart(digits, '0');
    this.#own = [part(0, 12, 3), (8 + parseInt(hex.slice(12, 14), 2)).toString(16) + part(14, 26, 3), part(26, 42, 4)];
  }

  /** Writes an id of the Unix time `timeMs` at `offset` and returns its running number. */
  write(buffer: Buffer, offset: number, timeMs: number): number {
    if (timeMs !== this.#timeMs) this.#turnTo(timeMs);
    const number = this.#next;
    this.#next = (number + 1) >>> 0;
    buffer.write(this.#head, offset, 28, 'latin1');
    const tail = `${HEX[number >>> 24]}${HEX[(number >>> 16) & 0xff]}${HEX[(number >>> 8) & 0xff]}${HEX[number & 0xff]}`;
    buffer.write(tail, offset + 28, 8, 'latin1');
    return number;
  }

  #turnTo(timeMs: number): void {
    this.#timeMs = timeMs;
    const time = timeMs.toString(16).padStart(12, '0');
    const [randA, randB, node] = this.#own;
    this.#head = `${time.slice(0, 8)}-${time.slice(8)}-7${randA}-${randB}-${node}`;
  }
}

/** The running number of the id that stands at `offset`. */
export function runningNumberAt(buffer: Uint8Array, offset: number): number {
  let number = 0;
  for (let index = offset + 28; index < offset + EVENT_ID_LENGTH; index += 1) {
    const code = buffer[index] ?? ZERO;
    number = number * 16 + (code < LETTER + 10 ? code - ZERO : code - LETTER);
  }
  return number;
}

import { interaction } from '@giftmesh/contract';
import { runningNumberAt } from './event-id-stamp';

/** How one gift of a StreamGiftsResponse ended. */
export interface GiftOutcome {
  /** Of the request's event id. */
  readonly number: number;
  /** Undefined when it went well. */
  readonly error: { readonly code: number; readonly reason: string } | undefined;
}

const LENGTH_DELIMITED = 2;
const RESULTS = 1;
const EVENT_ID = 1;
const OK = 2;

/**
 * Reads a StreamGiftsResponse by skimming its bytes: of an accepted gift only the running number in its event id is looked
 * at. Refused gifts are decoded whole.
 */
export function forEachGiftOutcome(message: Buffer, visit: (outcome: GiftOutcome) => void): void {
  forEachField(message, 0, message.length, (field, start, end) => {
    if (field !== RESULTS) return;
    let number = -1;
    let ok = false;
    forEachField(message, start, end, (inner, innerStart) => {
      if (inner === EVENT_ID) number = runningNumberAt(message, innerStart);
      else if (inner === OK) ok = true;
    });
    visit({ number, error: ok ? undefined : errorOf(message.subarray(start, end)) });
  });
}

function errorOf(bytes: Buffer): { code: number; reason: string } {
  const { result } = interaction.GiftResult.decode(bytes);
  return result?.$case === 'error' ? result.value : { code: 2, reason: 'NO_RESULT' };
}

/** Calls `visit` for each length-delimited field between two offsets; such messages have no others. */
function forEachField(
  bytes: Buffer,
  from: number,
  to: number,
  visit: (field: number, start: number, end: number) => void,
): void {
  let position = from;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; position < to; shift *= 128) {
      const byte = bytes[position++] as number;
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a message of the answer is cut off');
  };
  while (position < to) {
    const tag = varint();
    if ((tag & 7) !== LENGTH_DELIMITED) throw new RangeError(`unexpected wire type ${tag & 7} in the answer`);
    const end = varint() + position;
    if (end > to) throw new RangeError('a message of the answer is cut off');
    visit(tag >>> 3, position, end);
    position = end;
  }
}

import { randomFillSync } from 'node:crypto';
import type { Random } from '@giftmesh/kernel-random';

/** How many numbers are fetched at once: a call to the system for each would cost more than all the rest of an id. */
const NUMBERS_PER_FILL = 1_024;
const UINT32 = 2 ** 32;

/** The system's randomness. For ids that must differ between processes; not replayable. */
export function secureRandom(): Random {
  const numbers = new Uint32Array(NUMBERS_PER_FILL);
  let used = NUMBERS_PER_FILL;
  const uint32 = (): number => {
    if (used === NUMBERS_PER_FILL) {
      randomFillSync(numbers);
      used = 0;
    }
    const number = numbers[used] as number;
    used += 1;
    return number;
  };
  const random: Random = {
    next: () => uint32() / UINT32,
    integer: (min, max) => min + Math.floor((uint32() / UINT32) * (max - min + 1)),
    pick: (values) => {
      if (values.length === 0) throw new RangeError('nothing to pick from');
      return values[random.integer(0, values.length - 1)] as (typeof values)[number];
    },
    chance: (p) => uint32() / UINT32 < p,
    bytes: (length) => randomFillSync(new Uint8Array(length)),
    fork: () => secureRandom(),
  };
  return random;
}

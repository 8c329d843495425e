import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { uniformInt } from 'pure-rand/distribution/uniformInt';

/** Randomness, as everything in the workspace sees it. Passed in, so that a printed seed replays a run. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [min, max], both included; safe integers at most 2^31 apart. */
  integer(min: number, max: number): number;
  /** One of `values`, each as likely. Throws RangeError when there are none. */
  pick<T>(values: readonly T[]): T;
  /** True with probability `p`. */
  chance(p: number): boolean;
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
  /** A generator of its own, decided by this one's state: giving it work does not change this one's further numbers. */
  fork(): Random;
}

const UINT32 = 2 ** 32;

/**
 * Seeds that are near each other, brought far apart: the first numbers of xoroshiro128+ from seeds 1, 2, 3 are alike, and what a
 * campaign decides first would be the same under all of them. It is the last step of MurmurHash3, which loses no seed of 32 bits.
 */
function mixed(seed: number): number {
  let hash = seed | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** A reproducible generator: the same `seed` gives the same numbers. Not for secrets. */
export function seededRandom(seed: number): Random {
  const generator = xoroshiro128plus(mixed(seed));
  const uint32 = (): number => generator.next() >>> 0;
  const random: Random = {
    next: () => uint32() / UINT32,
    integer: (min, max) => uniformInt(generator, min, max),
    pick: (values) => {
      if (values.length === 0) throw new RangeError('nothing to pick from');
      return values[uniformInt(generator, 0, values.length - 1)] as (typeof values)[number];
    },
    chance: (p) => uint32() / UINT32 < p,
    bytes: (length) => Uint8Array.from({ length }, () => uint32() & 0xff),
    fork: () => seededRandom(uint32() | 0),
  };
  return random;
}

import { randomInt } from 'node:crypto';
import { seededRandom, type Random } from '@giftmesh/kernel-random';

/** For those who pass no randomness of their own: seeded by chance. */
export function defaultRandom(): Random {
  return seededRandom(randomInt(2 ** 31));
}

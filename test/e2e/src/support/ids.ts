import { randomInt } from 'node:crypto';
import { uuidV7Source } from '@giftmesh/kernel-ids';
import { seededRandom } from '@giftmesh/kernel-random';
import { systemClock, type Clock } from '@giftmesh/kernel-time';

const random = seededRandom(randomInt(2 ** 31));

/** A new event id of now. */
export const newEventId = uuidV7Source(systemClock, random);

/** A new event id of another time. @param offsetMs From now, milliseconds. */
export function eventIdAt(offsetMs: number): string {
  const clock: Pick<Clock, 'nowMs'> = { nowMs: () => systemClock.nowMs() + offsetMs };
  return uuidV7Source(clock as Clock, random)();
}

let lastUser = 1_000_000n + BigInt(randomInt(2 ** 31));

/** A user whom nobody has seen yet. */
export function newUser(): bigint {
  return (lastUser += 1n);
}

import { sleep, systemClock } from '@giftmesh/kernel-time';
import { CallError } from '@giftmesh/test-harness';

/** The longest that a service which was put right may take until it answers again, milliseconds. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 100;

/** Tries again while services say that they can't answer now. Rejects with anything else, and with the last refusal after a minute. */
export async function patiently<T>(read: () => Promise<T>): Promise<T> {
  const endMs = systemClock.monotonicMs() + PATIENCE_MS;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const isPassing =
        error instanceof CallError &&
        ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED'].includes(error.codeName);
      if (!isPassing || systemClock.monotonicMs() > endMs) throw error;
      await sleep(systemClock, PAUSE_MS);
    }
  }
}

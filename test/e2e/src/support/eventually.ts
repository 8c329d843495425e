import { sleep, systemClock } from '@giftmesh/kernel-time';

/** Between two tries, milliseconds. */
const PAUSE_MS = 25;

/** Tries again until `check` throws nothing any more; then what it returned. Throws its last error after `timeoutMs`. */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs = 8_000): Promise<T> {
  const endMs = systemClock.monotonicMs() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (systemClock.monotonicMs() >= endMs) throw error;
      await sleep(systemClock, PAUSE_MS);
    }
  }
}

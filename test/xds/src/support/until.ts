import { setTimeout as delay } from 'node:timers/promises';

/** Waits until something holds, looking every few milliseconds. Rejects when it takes longer than `limitMs`. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, limitMs = 15_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`it took more than ${limitMs} ms until ${what}`);
    await delay(5);
  }
}

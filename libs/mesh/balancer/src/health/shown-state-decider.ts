import type { Connectivity } from '../endpoints/aggregate-state-decider';

/** What is known of a backend's health: nothing yet, that it serves, that it does not. */
export type BackendHealth = 'unknown' | 'serving' | 'not-serving';

/**
 * How a connection looks to the balancer behind health checking (gRFC A17): READY only while the backend serves. One whose health is
 * not known yet looks as if it were still connecting, so that calls wait instead of failing.
 */
export function shownState(connection: Connectivity, health: BackendHealth): Connectivity {
  if (connection !== 'READY') return connection;
  switch (health) {
    case 'serving':
      return 'READY';
    case 'not-serving':
      return 'TRANSIENT_FAILURE';
    case 'unknown':
      return 'CONNECTING';
  }
}

/** The wait before the second try to watch, milliseconds. */
export const WATCH_DELAY_MIN_MS = 1_000;

/** The longest wait, milliseconds. gRFC A17 goes up to 120,000: a backend that is well again would be left alone for too long. */
export const WATCH_DELAY_MAX_MS = 30_000;

/**
 * How long to wait before a Watch is tried again: 1 s, growing by 1.6, 20 % more or less, up to 30 s.
 * @param failures how many failed in a row without a single answer, at least 1.
 * @param random from 0 to 1.
 * @returns milliseconds.
 */
export function watchDelayMs(failures: number, random: number): number {
  const baseMs = Math.min(WATCH_DELAY_MAX_MS, WATCH_DELAY_MIN_MS * 1.6 ** (failures - 1));
  // Not `0.8 + 0.4 * random`, which is a little more than 1.2 at the end: the bounds are exact.
  return baseMs * (1 + 0.4 * (random - 0.5));
}

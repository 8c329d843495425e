import type { TimeSeries } from './load-report';

/** The part of the offered calls that must be answered for a service to count as recovered. */
export const RECOVERED_SHARE = 0.95;
/** Over how long that part is taken: in one bin of a light load a single failed call would be too much. */
const WINDOW_MS = 500;

/**
 * Milliseconds after `fromMs` from which on at least 95 % of what was offered in any half second was answered in time, until `untilMs`;
 * the whole time in between when that was never so.
 */
export function recoveryMs(series: TimeSeries, fromMs: number, untilMs: number): number {
  const { binMs, sent, ok } = series;
  const [first, end] = [Math.round(fromMs / binMs), Math.min(Math.round(untilMs / binMs), sent.length)];
  const width = Math.min(WINDOW_MS / binMs, end - first);
  const sum = (values: readonly number[], from: number): number =>
    values.slice(from, from + width).reduce((total, value) => total + value, 0);
  let recovered = end;
  for (let bin = end - width; bin >= first; bin -= 1) {
    if (sum(ok, bin) < RECOVERED_SHARE * sum(sent, bin)) break;
    recovered = bin;
  }
  return (recovered - first) * binMs;
}

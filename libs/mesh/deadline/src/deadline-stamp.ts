/**
 * Metadata name of the absolute deadline: Unix milliseconds, decimal. It travels beside `grpc-timeout`, which a
 * server of grpc-js counts from when it processes the headers: time in the socket and before the event loop's turn
 * is not in it.
 */
export const DEADLINE_HEADER = 'x-deadline-unix-ms';

/** Digits of the latest stamp that is read: the year 33658 is far enough. */
const STAMP_DIGITS_MAX = 15;

/** The stamp of a deadline, rounded up so that it never shortens by itself. */
export function formatDeadlineStamp(deadlineUnixMs: number): string {
  return String(Math.ceil(deadlineUnixMs));
}

/** The time a stamp names, undefined when it is malformed: only 1 to 15 digits are a stamp. */
export function parseDeadlineStamp(text: string | undefined): number | undefined {
  if (text === undefined || text.length === 0 || text.length > STAMP_DIGITS_MAX) return undefined;
  for (let index = 0; index < text.length; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return undefined;
  }
  return Number(text);
}

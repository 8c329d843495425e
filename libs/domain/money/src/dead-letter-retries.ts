/** How a parked record is tried again by itself. Counted from its parking, so nothing needs to be remembered. */
export interface DeadLetterRetries {
  /** Age of the letter at the first try, milliseconds. Above a glitch, below what a person notices. */
  readonly firstMs: number;
  /** Age at each further try, in multiples of the age at the one before. */
  readonly factor: number;
  /** After so many tries only an operator's command, or the start of another version, tries again. */
  readonly triesMax: number;
}

/** Tries after 1 s, 6 s, 36 s, 3.6 min, 22 min, 2.2 h and 13 h. */
export const DEFAULT_DEAD_LETTER_RETRIES: DeadLetterRetries = { firstMs: 1_000, factor: 6, triesMax: 7 };

/** Where a parked record stands between its tries. */
export type DeadLetterState =
  | {
      readonly kind: 'retrying';
      /** Tries that were due by now. */
      readonly triesDue: number;
      readonly triesMax: number;
      /** Unix milliseconds. */
      readonly nextTryAtMs: number;
    }
  /** All tries have been due: somebody must look at it. */
  | { readonly kind: 'given_up'; readonly triesDue: number; readonly triesMax: number };

/** Throws RangeError for numbers that make no schedule. */
export function checkDeadLetterRetries({ firstMs, factor, triesMax }: DeadLetterRetries): void {
  if (!Number.isSafeInteger(firstMs) || firstMs < 1)
    throw new RangeError(`firstMs must be an integer of at least 1, is ${firstMs}`);
  if (!(factor > 1 && factor <= 1_000)) throw new RangeError(`factor must be above 1 and at most 1000, is ${factor}`);
  if (!Number.isSafeInteger(triesMax) || triesMax < 0 || triesMax > 50)
    throw new RangeError(`triesMax must be 0 to 50, is ${triesMax}`);
}

/** Where a record that was parked at `parkedAtMs` stands at `nowMs`. A clock that has jumped back makes it younger, never stuck. */
export function deadLetterState(
  parkedAtMs: number,
  nowMs: number,
  retries: DeadLetterRetries = DEFAULT_DEAD_LETTER_RETRIES,
): DeadLetterState {
  const { triesMax } = retries;
  const ageMs = nowMs - parkedAtMs;
  let dueAgeMs = retries.firstMs;
  for (let triesDue = 0; triesDue < triesMax; triesDue += 1) {
    if (ageMs < dueAgeMs)
      return { kind: 'retrying', triesDue, triesMax, nextTryAtMs: parkedAtMs + Math.round(dueAgeMs) };
    dueAgeMs *= retries.factor;
  }
  return { kind: 'given_up', triesDue: triesMax, triesMax };
}

import { checkSlices, LedgerRejectError, type Codec, type LogEntry, type ShardMap } from '@giftmesh/domain-money';

/**
 * Why a record of the log can't be in the ledger, in one word:
 * - `unreadable`: nobody can decode it. Its writer is newer than this version, or none of ours.
 * - `malformed`: no ledger would take it. Amounts out of range, ids that are none, an event that does not go with itself.
 * - `rejected`: this ledger won't take it. An order has its id, say, or an account is full.
 */
export const LETTER_KINDS = ['unreadable', 'malformed', 'rejected'] as const;
export type LetterKind = (typeof LETTER_KINDS)[number];

/** Why a record is, or is to be, a dead letter, by its bytes. */
export function letterKind(payload: Uint8Array, codec: Codec<LogEntry>, shards: ShardMap): LetterKind {
  let entry: LogEntry;
  try {
    entry = codec.decode(payload);
  } catch {
    return 'unreadable';
  }
  try {
    checkSlices([{ partition: 0, fromOffset: 0, toOffset: 1, entries: [entry], parked: [] }], shards);
    return 'rejected';
  } catch (error) {
    if (error instanceof LedgerRejectError) return 'malformed';
    throw error;
  }
}

/** How many letters there are of each kind. */
export type LetterCounts = Readonly<Record<LetterKind, number>>;

/** None of any kind. */
export const noLetters = (): Record<LetterKind, number> => ({ unreadable: 0, malformed: 0, rejected: 0 });

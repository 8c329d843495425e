import {
  LedgerRejectError,
  type Codec,
  type DeadLetter,
  type DecidedEvent,
  type DropNote,
  type Ledger,
  type LogEntry,
  type ReplayResult,
} from '@giftmesh/domain-money';

/** What has become of a letter that was tried again. After `unreadable`, `no_event` and `rejected` it is where it was. */
export type Replay =
  | ReplayResult
  /** Its bytes still can't be read. */
  | { readonly kind: 'unreadable'; readonly reason: string }
  /** It is a fence: only a station can set one. */
  | { readonly kind: 'no_event' }
  /** The ledger still can't write it. */
  | { readonly kind: 'rejected'; readonly reason: string };

/** The event in a letter, or why there is none. */
export type LetterContent =
  { readonly kind: 'event'; readonly decided: DecidedEvent } | Extract<Replay, { kind: 'unreadable' | 'no_event' }>;

/** Reads a letter, perhaps with a newer codec than the one that could not. */
export function readLetter({ payload }: Pick<DeadLetter, 'payload'>, codec: Codec<LogEntry>): LetterContent {
  try {
    const entry = codec.decode(payload);
    return entry.kind === 'event' ? { kind: 'event', decided: entry.decided } : { kind: 'no_event' };
  } catch (error) {
    return { kind: 'unreadable', reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Applies the event of a letter as if it stood in the log. Rejects when the ledger is away; nothing has happened then, or all. */
export async function replayLetter(
  ledger: Pick<Ledger, 'replayDeadLetter'>,
  codec: Codec<LogEntry>,
  letter: DeadLetter,
): Promise<Replay> {
  const content = readLetter(letter, codec);
  if (content.kind !== 'event') return content;
  try {
    return await ledger.replayDeadLetter(letter.id, content.decided);
  } catch (error) {
    if (error instanceof LedgerRejectError) return { kind: 'rejected', reason: error.message };
    throw error;
  }
}

/** Gives a letter up; false when it is not there any more. */
export function dropLetter(
  ledger: Pick<Ledger, 'dropDeadLetter'>,
  codec: Codec<LogEntry>,
  letter: DeadLetter,
  note: Omit<DropNote, 'decided'>,
): Promise<boolean> {
  const content = readLetter(letter, codec);
  return ledger.dropDeadLetter(letter.id, {
    ...note,
    decided: content.kind === 'event' ? content.decided : undefined,
  });
}

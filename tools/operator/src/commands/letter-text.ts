import { deadLetterState, type DeadLetter, type DecidedEvent } from '@giftmesh/domain-money';
import { readLetter, type Replay } from '@giftmesh/service-payment-da';
import { moneyLogCodec } from '@giftmesh/wire-money';

/** Whose event a letter holds, as far as that can be read. */
export interface LetterEvent {
  readonly opUserId?: bigint;
  readonly eventId?: string;
}

/** The decided event in a letter, undefined where none can be read. */
export function decidedIn(letter: DeadLetter): DecidedEvent | undefined {
  const content = readLetter(letter, moneyLogCodec);
  return content.kind === 'event' ? content.decided : undefined;
}

/** Whose event it is, as far as that can be read. */
export function eventOf(letter: DeadLetter): LetterEvent {
  const decided = decidedIn(letter);
  return decided === undefined ? {} : { opUserId: decided.event.opUserId, eventId: decided.event.eventId };
}

/** What a letter holds, in a word. */
export function contentText(letter: DeadLetter): string {
  const content = readLetter(letter, moneyLogCodec);
  if (content.kind === 'no_event') return 'a fence';
  return content.kind === 'event' ? content.decided.event.eventId : 'unreadable';
}

/** When it is tried again. */
export function retryText(parkedAtMs: number, nowMs: number): string {
  const state = deadLetterState(parkedAtMs, nowMs);
  return state.kind === 'given_up'
    ? `none of ${state.triesMax} is left`
    : `${state.triesDue + 1} of ${state.triesMax}, at ${new Date(state.nextTryAtMs).toISOString()}`;
}

/** What a replay has come to, for people. */
export function replayText(replay: Replay): string {
  switch (replay.kind) {
    case 'applied':
      return 'applied: it is on record now';
    case 'duplicate':
      return 'it was on record already, so nothing was applied; the letter is gone';
    case 'fenced':
      return `ignored: it stood behind the fence of generation ${replay.generation}, so it never counted and nobody was told OK; the letter is gone`;
    case 'gone':
      return 'there is no such letter any more: somebody else was faster';
    case 'unreadable':
      return `still can't be read (${replay.reason}); the letter stays`;
    case 'no_event':
      return 'is a fence, which only a station can set: restart the stations, then drop it; the letter stays';
    case 'rejected':
      return `the ledger still can't write it (${replay.reason}); the letter stays`;
  }
}

/** True when the letter is where it was. */
export function stays({ kind }: Replay): boolean {
  return kind === 'unreadable' || kind === 'no_event' || kind === 'rejected';
}

import { isUuidV7 } from '@giftmesh/kernel-ids';
import type { Cancel, Clock } from '@giftmesh/kernel-time';
import {
  checkDeadLetterRetries,
  DEFAULT_DEAD_LETTER_RETRIES,
  deadLetterState,
  type Codec,
  type DeadLetter,
  type DeadLetterRetries,
  type DecidedEvent,
  type EventKey,
  type Ledger,
  type LogEntry,
  type SettledNotices,
  type ShardMap,
} from '@giftmesh/domain-money';
import { letterKind, noLetters, type LetterCounts, type LetterKind } from './letter-kind';
import { readLetter, replayLetter, type Replay } from './replay-letter';
import { usersOf } from './settled-users';

export interface DeadLetterRetrierOptions {
  readonly retries: DeadLetterRetries;
  /** Between two looks at the dead letters, milliseconds. */
  readonly lookEveryMs: number;
  /** The most letters of one look, the oldest. What is beyond waits until some of those are gone. */
  readonly lettersMax: number;
  /** The most letters that one look tries: each is a transaction that settling waits for. */
  readonly triesPerLookMax: number;
}

export const DEFAULT_DEAD_LETTER_RETRIER_OPTIONS: DeadLetterRetrierOptions = {
  retries: DEFAULT_DEAD_LETTER_RETRIES,
  lookEveryMs: 1_000,
  lettersMax: 1_000,
  triesPerLookMax: 20,
};

/** What the retrier needs. */
export interface DeadLetterRetrierPorts {
  readonly clock: Clock;
  readonly codec: Codec<LogEntry>;
  readonly ledger: Ledger;
  readonly notices: SettledNotices;
  readonly shards: ShardMap;
}

/** What the retrier has seen and done since its start. */
export interface DeadLetterStats {
  /** Letters at the last look, up to the limit of a look. */
  readonly letters: number;
  /** Those among them that nobody tries any more. */
  readonly givenUp: number;
  readonly tries: number;
  /** Letters that this retrier has brought into the ledger. */
  readonly applied: number;
  /** Letters that were on record already. */
  readonly duplicates: number;
  /** Letters that had stood behind a fence. */
  readonly fenced: number;
}

interface KnownLetter {
  readonly triesDone: number;
  readonly decided: DecidedEvent | undefined;
}

/**
 * Tries dead letters again, all of them once at its start (this version may know what the last one did not), then each at growing
 * ages, in the background, so that nobody waits for them. Tells stations of letters that are gone, whoever has replayed them.
 */
export class DeadLetterRetrier {
  /** By letter: how many of its tries are behind it, and its event. */
  #known = new Map<number, KnownLetter>();
  /** Letters that stations were told of since the last look: no look has seen them yet. */
  #watched = new Map<number, DecidedEvent>();
  /** Why each letter of the last look is one. */
  #kinds = new Map<number, LetterKind>();
  #isFirstLook = true;
  #closed = false;
  #cancel: Cancel | undefined;
  #looking: Promise<void> | undefined;
  #stats = { letters: 0, givenUp: 0, tries: 0, applied: 0, duplicates: 0, fenced: 0 };

  constructor(
    private readonly ports: DeadLetterRetrierPorts,
    private readonly options: DeadLetterRetrierOptions = DEFAULT_DEAD_LETTER_RETRIER_OPTIONS,
  ) {
    checkDeadLetterRetries(options.retries);
    for (const name of ['lookEveryMs', 'lettersMax', 'triesPerLookMax'] as const) {
      if (!Number.isSafeInteger(options[name]) || options[name] < 1)
        throw new RangeError(`${name} must be an integer of at least 1, is ${options[name]}`);
    }
  }

  get stats(): DeadLetterStats {
    return this.#stats;
  }

  /** Letters at the last look, by why they are some. */
  get lettersByKind(): LetterCounts {
    const counts = noLetters();
    for (const kind of this.#kinds.values()) counts[kind] += 1;
    return counts;
  }

  start(): void {
    // The ledger may be away; the next look finds out.
    this.#looking = this.look()
      .catch(() => undefined)
      .finally(() => {
        if (this.#closed) return;
        this.#cancel = this.ports.clock.schedule(this.options.lookEveryMs, () => this.start());
      });
  }

  /** Resolves when nothing is being tried any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    await this.#looking;
  }

  /** A station was answered as if this letter's event were on record, so it must hear when it is, even if no look ever sees the letter. */
  watch(id: number, decided: DecidedEvent): void {
    if (!this.#known.has(id)) this.#watched.set(id, decided);
  }

  /** One look: tells of letters that are gone, and tries those that are due. Rejects when the ledger is away. */
  async look(): Promise<void> {
    const { clock, codec, ledger, shards } = this.ports;
    const { retries, lettersMax, triesPerLookMax } = this.options;
    // Those of now: a letter that is parked during the look is not gone because the look does not find it.
    const watched = new Map(this.#watched);
    const letters = await ledger.deadLetters(lettersMax);
    const before = new Map(this.#known);
    for (const [id, decided] of watched) {
      this.#watched.delete(id);
      if (!before.has(id)) before.set(id, { triesDone: 0, decided });
    }
    this.#known = new Map();
    for (const letter of letters) {
      const known = before.get(letter.id);
      before.delete(letter.id);
      this.#known.set(letter.id, known ?? this.#firstMeeting(letter, codec));
    }
    this.#kinds = new Map(
      letters.map(({ id, payload }) => [id, this.#kinds.get(id) ?? letterKind(payload, codec, shards)]),
    );
    const gone = [...before.values()].flatMap(({ decided }) => decided ?? []);
    this.#isFirstLook = false;
    const states = letters.map((letter) => ({ letter, ...deadLetterState(letter.parkedAtMs, clock.nowMs(), retries) }));
    this.#stats.letters = letters.length;
    this.#stats.givenUp = states.filter(({ kind }) => kind === 'given_up').length;
    await this.#tell(gone);
    const due = states.filter(({ letter: { id }, triesDue }) => triesDue > (this.#known.get(id)?.triesDone ?? 0));
    for (const { letter, triesDue } of due.slice(0, triesPerLookMax)) {
      if (this.#closed) return;
      const replay = await replayLetter(ledger, codec, letter);
      const decided = this.#known.get(letter.id)?.decided;
      this.#count(replay);
      if (!isGone(replay)) this.#known.set(letter.id, { triesDone: triesDue, decided });
      else if (this.#known.delete(letter.id) && decided !== undefined) await this.#tell([decided]);
    }
  }

  #firstMeeting(letter: DeadLetter, codec: Codec<LogEntry>): KnownLetter {
    const content = readLetter(letter, codec);
    return {
      triesDone: this.#isFirstLook ? -1 : 0,
      decided: content.kind === 'event' ? content.decided : undefined,
    };
  }

  #count({ kind }: Replay): void {
    this.#stats.tries += 1;
    if (kind === 'applied') this.#stats.applied += 1;
    if (kind === 'duplicate') this.#stats.duplicates += 1;
    if (kind === 'fenced') this.#stats.fenced += 1;
  }

  /** Tells stations of events whose letters are gone: applied by whomever, or dropped. A notice may get lost, as ever. */
  async #tell(gone: readonly DecidedEvent[]): Promise<void> {
    if (gone.length === 0) return;
    const { ledger, notices } = this.ports;
    const keys: EventKey[] = gone.map(({ event: { opUserId, eventId } }) => ({ opUserId, eventId }));
    const readable = keys.filter(({ eventId }) => isUuidV7(eventId));
    const markers = await ledger.decided(readable);
    const counters = await ledger.counters(usersOf(gone));
    notices
      .publish({ counters, events: readable.filter((_, index) => markers[index] !== undefined) })
      .catch(() => undefined);
  }
}

function isGone({ kind }: Replay): boolean {
  return kind === 'gone' || kind === 'applied' || kind === 'duplicate' || kind === 'fenced';
}

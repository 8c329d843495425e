import {
  checkDecidedEvent,
  fenceOver,
  LedgerRejectError,
  markerOf,
  paymentError,
  withDebit,
  type Codec,
  type DeadLetter,
  type DecidedEvent,
  type EventKey,
  type Ledger,
  type LedgerUser,
  type LogEntry,
  type Marker,
  type ShardMap,
} from '@giftmesh/domain-money';
import { StatusCode } from '@giftmesh/kernel-errors';
import { readLetter } from './replay-letter';

/** The most dead letters that are counted, the oldest. Beyond, a payer's next load may give her back what is still parked. */
export const LETTERS_COUNTED_MAX = 1_000;
/** Looks at users whose dead letters are just being replayed. */
export const LOOKS_MAX = 5;
const RETRY_DELAY_MS = 50;

/** What the view needs. */
export interface ParkedEventsPorts {
  readonly ledger: Pick<Ledger, 'deadLetters' | 'load' | 'decided'>;
  readonly codec: Codec<LogEntry>;
  readonly shards: ShardMap;
}

/**
 * The ledger with the parked events on top that will count once they are replayed. They were answered OK: a store that is loaded anew
 * must know of them, or what their payers paid could be spent a second time.
 */
export class ParkedEvents {
  /** What is in each letter of the last look, undefined for what doesn't count. Letters never change. */
  #counted = new Map<number, DecidedEvent | undefined>();

  /** @param onCounted is told of each letter that counts when it is first met: from now on stations rely on it. Default nobody is. */
  constructor(
    private readonly ports: ParkedEventsPorts,
    private readonly onCounted: (id: number, decided: DecidedEvent) => void = () => undefined,
  ) {}

  /** See `Ledger.load`: with parked debits and decisions. Rejects with UNAVAILABLE while a user's letters keep changing. */
  async load(userIds: readonly bigint[], markersSinceMs: number, markersMax: number): Promise<readonly LedgerUser[]> {
    const { ledger } = this.ports;
    const wanted = new Set(userIds);
    let parked = await this.#parkedOf(wanted);
    for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
      const users = await ledger.load(userIds, markersSinceMs, markersMax);
      if (parked.length === 0) return users;
      // A second letter of an event that is on record does not count, and no letter may have been replayed since the first look.
      const onRecord = await ledger.decided(parked.map(({ event }) => event));
      const after = await this.#parkedOf(wanted);
      if (isSame(parked, after)) {
        const missing = parked.filter((_, index) => onRecord[index] === undefined);
        return users.map((user) => withParked(user, missing));
      }
      parked = after;
    }
    throw paymentError('DEPENDENCY_AWAY', 'dead letters of the users are being replayed', StatusCode.UNAVAILABLE, {
      retryDelayMs: RETRY_DELAY_MS,
    });
  }

  /** See `Ledger.decided`: parked decisions are among them. */
  async decided(events: readonly EventKey[]): Promise<readonly (Marker | undefined)[]> {
    // The letters first: an event that is replayed between the two looks is in both, never in none.
    const parked = await this.#parkedOf(new Set(events.map(({ opUserId }) => opUserId)));
    const markers = await this.ports.ledger.decided(events);
    const byKey = new Map(parked.map((decided) => [keyOf(decided.event), markerOf(decided)]));
    return markers.map((marker, index) => marker ?? byKey.get(keyOf(events[index] as EventKey)));
  }

  /** Parked events of users that will count, each once. */
  async #parkedOf(userIds: ReadonlySet<bigint>): Promise<DecidedEvent[]> {
    const { ledger, codec, shards } = this.ports;
    const letters = await ledger.deadLetters(LETTERS_COUNTED_MAX);
    const before = this.#counted;
    this.#counted = new Map(
      letters.map((letter) => [
        letter.id,
        before.has(letter.id) ? before.get(letter.id) : countedIn(letter, codec, shards),
      ]),
    );
    for (const [id, decided] of this.#counted)
      if (decided !== undefined && !before.has(id)) this.onCounted(id, decided);
    const events = new Map<string, DecidedEvent>();
    for (const decided of this.#counted.values()) {
      if (decided === undefined || !userIds.has(decided.event.opUserId)) continue;
      const key = keyOf(decided.event);
      if (!events.has(key)) events.set(key, decided);
    }
    return [...events.values()];
  }
}

/** The event in a dead letter if it will count once it is replayed: it can be read and written, and stood behind no fence. */
export function countedIn(letter: DeadLetter, codec: Codec<LogEntry>, shards: ShardMap): DecidedEvent | undefined {
  const content = readLetter(letter, codec);
  if (content.kind !== 'event') return undefined;
  try {
    checkDecidedEvent(content.decided, shards);
  } catch (error) {
    // Nobody can rely on what it says.
    if (error instanceof LedgerRejectError) return undefined;
    throw error;
  }
  return fenceOver(content.decided, letter.fences, shards) === undefined ? content.decided : undefined;
}

const keyOf = ({ opUserId, eventId }: EventKey): string => `${opUserId}/${eventId}`;

function isSame(some: readonly DecidedEvent[], others: readonly DecidedEvent[]): boolean {
  return some.length === others.length && some.every((decided, index) => decided === others[index]);
}

function withParked(user: LedgerUser, parked: readonly DecidedEvent[]): LedgerUser {
  const own = parked.filter(({ event }) => event.opUserId === user.userId);
  if (own.length === 0) return user;
  const accounts = new Map(user.accounts.map((account) => [account.assetType, account]));
  for (const decided of own) {
    if (decided.outcome !== 'applied') continue;
    const { assetType } = decided.event.opUserChange;
    accounts.set(assetType, withDebit(accounts.get(assetType), decided));
  }
  const markers = [...user.markers, ...own.map(markerOf)].sort((a, b) => (a.eventId > b.eventId ? -1 : 1));
  return { ...user, accounts: [...accounts.values()], markers };
}

import { utcDayOf, POINTS_PER_COIN } from './activity';
import type { ScoreDelta } from './ports/activity-store';

interface OpenDelta extends ScoreDelta {
  paid: bigint;
  got: bigint;
  points: bigint;
}

/** A gift that took effect, as far as rankings care. */
export interface PaidGift {
  readonly roomId: bigint;
  readonly viewerId: bigint;
  /** What the viewer paid. */
  readonly coins: bigint;
  /** What each recipient got. */
  readonly recipients: readonly { readonly userId: bigint; readonly incr: bigint }[];
  /** Unix milliseconds. */
  readonly atMs: number;
}

/** Adds gifts up, so that a thousand gifts of a viewer are one change of her scores. */
export class ActivityTally {
  /** By room and user; a user has more than one only around midnight. */
  readonly #rooms = new Map<bigint, Map<bigint, OpenDelta[]>>();
  #size = 0;

  /** Number of deltas. */
  get size(): number {
    return this.#size;
  }

  /** Rooms with deltas. */
  get rooms(): readonly bigint[] {
    return [...this.#rooms.keys()];
  }

  add({ roomId, viewerId, coins, recipients, atMs }: PaidGift): void {
    const day = utcDayOf(atMs);
    const users = this.#usersOf(roomId);
    const viewer = this.#deltaOf(users, roomId, day, viewerId);
    viewer.paid += coins;
    viewer.points += coins * POINTS_PER_COIN;
    for (const { userId, incr } of recipients) this.#deltaOf(users, roomId, day, userId).got += incr;
  }

  deltas(): ScoreDelta[] {
    const all: ScoreDelta[] = [];
    for (const users of this.#rooms.values()) for (const deltas of users.values()) all.push(...deltas);
    return all;
  }

  #usersOf(roomId: bigint): Map<bigint, OpenDelta[]> {
    let users = this.#rooms.get(roomId);
    if (users === undefined) this.#rooms.set(roomId, (users = new Map<bigint, OpenDelta[]>()));
    return users;
  }

  #deltaOf(users: Map<bigint, OpenDelta[]>, roomId: bigint, day: number, userId: bigint): OpenDelta {
    let deltas = users.get(userId);
    if (deltas === undefined) users.set(userId, (deltas = []));
    for (const known of deltas) if (known.day === day) return known;
    const delta = { roomId, day, userId, paid: 0n, got: 0n, points: 0n };
    deltas.push(delta);
    this.#size += 1;
    return delta;
  }
}

import { utcDayOf, POINTS_PER_COIN } from './activity';
import type { LeaderboardKind, ScoreDelta } from './ports/activity-store';

interface OpenDelta {
  readonly roomId: bigint;
  readonly kind: LeaderboardKind;
  readonly day: number;
  readonly userId: bigint;
  score: bigint;
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

/** Adds gifts up, so that a thousand gifts of a viewer are one change of her score. */
export class ActivityTally {
  #deltas = new Map<bigint, Map<bigint, OpenDelta[]>>();
  #size = 0;

  /** Number of deltas. */
  get size(): number {
    return this.#size;
  }

  add(gift: PaidGift): void {
    const day = utcDayOf(gift.atMs);
    const users = this.#usersOf(gift.roomId);
    this.#raise(users, gift.roomId, 'viewers', day, gift.viewerId, gift.coins);
    this.#raise(users, gift.roomId, 'activity', day, gift.viewerId, gift.coins * POINTS_PER_COIN);
    for (const { userId, incr } of gift.recipients) this.#raise(users, gift.roomId, 'streamers', day, userId, incr);
  }

  /** Rooms with deltas. */
  get rooms(): readonly bigint[] {
    return [...this.#deltas.keys()];
  }

  deltas(): ScoreDelta[] {
    const all: ScoreDelta[] = [];
    for (const users of this.#deltas.values()) for (const deltas of users.values()) all.push(...deltas);
    return all;
  }

  #usersOf(roomId: bigint): Map<bigint, OpenDelta[]> {
    let users = this.#deltas.get(roomId);
    if (users === undefined) this.#deltas.set(roomId, (users = new Map<bigint, OpenDelta[]>()));
    return users;
  }

  #raise(
    users: Map<bigint, OpenDelta[]>,
    roomId: bigint,
    kind: LeaderboardKind,
    day: number,
    userId: bigint,
    score: bigint,
  ): void {
    let deltas = users.get(userId);
    if (deltas === undefined) users.set(userId, (deltas = []));
    for (const delta of deltas)
      if (delta.kind === kind && delta.day === day) {
        delta.score += score;
        return;
      }
    deltas.push({ roomId, kind, day, userId, score });
    this.#size += 1;
  }
}

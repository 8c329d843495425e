import type { AssetType, LogPosition } from '@giftmesh/domain-money';
import type { SeenAccount } from '../seen-debits';

/** What a ranking counts: viewers by coins paid, streamers by coins got, viewers by activity points. */
export const LEADERBOARD_KINDS = ['viewers', 'streamers', 'activity'] as const;
export type LeaderboardKind = (typeof LEADERBOARD_KINDS)[number];

/** What a user has done in a room, or what is added to that. None is negative. */
export interface Scores {
  /** Coins paid for gifts. */
  readonly paid: bigint;
  /** Coins got with gifts. */
  readonly got: bigint;
  /** Activity points. */
  readonly points: bigint;
}

/** The score that a ranking counts. */
export const SCORE_OF_KIND: Readonly<Record<LeaderboardKind, keyof Scores>> = {
  viewers: 'paid',
  streamers: 'got',
  activity: 'points',
};

/** What is added to a user's scores in a room: to the total and to those of the day. */
export interface ScoreDelta extends Scores {
  readonly roomId: bigint;
  /** See `utcDayOf`. */
  readonly day: number;
  readonly userId: bigint;
}

/** How far one partition of the log was counted with a batch: everything from `from` up to, not including, `to`. */
export interface PositionMove {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** What a stretch of the log adds up to. */
export interface ActivityBatch {
  readonly moves: readonly PositionMove[];
  readonly scores: readonly ScoreDelta[];
  /** Accounts whose debits the stretch has, as they stand after it. */
  readonly seen: readonly SeenAccount[];
}

export interface LeaderboardQuery {
  readonly roomId: bigint;
  readonly kind: LeaderboardKind;
  /** A UTC day, or undefined for all time. */
  readonly day: number | undefined;
  /** The most entries, at least 1. */
  readonly limit: number;
}

/** One place of a ranking; equal scores are in order of their user ids. */
export interface LeaderboardPlace {
  readonly userId: bigint;
  readonly score: bigint;
}

/**
 * Rankings and points, and how much of the log is in them. Not money: derived from the log of money, and made anew from it
 * when lost.
 */
export interface ActivityStore {
  /** The next offset to count of each partition that was ever counted. */
  positions(): Promise<readonly LogPosition[]>;
  /**
   * Adds a batch and moves the positions, all or nothing. Rejects with {@link ActivityPositionError} when a partition does not
   * stand at its move's `from` (a new partition stands at 0): the batch, or a part of it, was counted by someone else.
   */
  record(batch: ActivityBatch): Promise<void>;
  /** The debits that were counted, of those accounts that have any. */
  seen(
    accounts: readonly { readonly userId: bigint; readonly assetType: AssetType }[],
  ): Promise<readonly SeenAccount[]>;
  /** Highest score first; users whose score is 0 have no place. */
  leaderboard(query: LeaderboardQuery): Promise<readonly LeaderboardPlace[]>;
  /** A viewer's activity points of all time in a room, 0 for a stranger. */
  points(roomId: bigint, viewerId: bigint): Promise<bigint>;
  /** Notes that a viewer was in a room on a UTC day, and adds `points` the first time on that day. True if it was the first. */
  enter(roomId: bigint, viewerId: bigint, day: number, points: bigint): Promise<boolean>;
  close(): Promise<void>;
}

/** A batch does not begin where the store stands. */
export class ActivityPositionError extends Error {
  override readonly name = 'ActivityPositionError';

  constructor(
    readonly move: PositionMove,
    readonly storedOffset: number,
  ) {
    super(`partition ${move.partition} was counted up to ${storedOffset}, and the batch begins at ${move.from}`);
  }
}

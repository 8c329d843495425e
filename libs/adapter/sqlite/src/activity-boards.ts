import {
  LEADERBOARD_KINDS,
  SCORE_OF_KIND,
  type LeaderboardKind,
  type LeaderboardPlace,
  type Scores,
} from '@giftmesh/domain-gifts';

/** How many first places a board has: the most that a caller of GetLeaderboard may ask for. */
export const BOARD_PLACES = 100;

/** The scores of a user in a room and day, as they stand after a change. */
export interface Standing {
  readonly roomId: bigint;
  readonly day: number;
  readonly userId: bigint;
  readonly scores: Scores;
}

/**
 * The first places of rankings that were asked for lately, kept up to date. Scores only grow, so a user who is not among the first
 * can get there only by a change of her own: a list of the first places stays exact as long as it is told of every change.
 */
export class ActivityBoards {
  /** In order of their last use. */
  readonly #boards = new Map<string, LeaderboardPlace[]>();
  /** Boards of a room and day. */
  readonly #kept = new Map<string, number>();

  /** @param boardsMax the most boards; beyond it the one that was not asked for the longest goes. */
  constructor(private readonly boardsMax: number) {}

  get size(): number {
    return this.#boards.size;
  }

  /** True when there is a board of the room and day, so that changes there must be told. */
  has(roomId: bigint, day: number): boolean {
    return this.#kept.has(groupOf(roomId, day));
  }

  /** The first places, or undefined when there is no such board. */
  find(roomId: bigint, day: number, kind: LeaderboardKind): readonly LeaderboardPlace[] | undefined {
    const key = keyOf(roomId, day, kind);
    const board = this.#boards.get(key);
    if (board === undefined) return undefined;
    this.#boards.delete(key);
    this.#boards.set(key, board);
    return board;
  }

  /** Adds a board. @param places the first {@link BOARD_PLACES}, all changes until now included. */
  put(roomId: bigint, day: number, kind: LeaderboardKind, places: readonly LeaderboardPlace[]): void {
    const key = keyOf(roomId, day, kind);
    const group = groupOf(roomId, day);
    if (!this.#boards.has(key)) this.#kept.set(group, (this.#kept.get(group) ?? 0) + 1);
    this.#boards.set(key, [...places]);
    if (this.#boards.size > this.boardsMax) this.#dropOldest();
  }

  /** Tells of a user's new scores. */
  update({ roomId, day, userId, scores }: Standing): void {
    for (const kind of LEADERBOARD_KINDS) {
      const board = this.#boards.get(keyOf(roomId, day, kind));
      if (board !== undefined) place(board, { userId, score: scores[SCORE_OF_KIND[kind]] });
    }
  }

  /** Forgets all boards; they are made anew when they are asked for. */
  clear(): void {
    this.#boards.clear();
    this.#kept.clear();
  }

  #dropOldest(): void {
    const [key] = this.#boards.keys();
    if (key === undefined) return;
    this.#boards.delete(key);
    const group = key.slice(0, key.lastIndexOf('/'));
    const left = (this.#kept.get(group) ?? 0) - 1;
    if (left > 0) this.#kept.set(group, left);
    else this.#kept.delete(group);
  }
}

function place(board: LeaderboardPlace[], entry: LeaderboardPlace): void {
  if (entry.score === 0n) return;
  const last = board[BOARD_PLACES - 1];
  if (last !== undefined && !isBefore(entry, last)) {
    if (last.userId !== entry.userId) return;
  }
  const old = board.findIndex(({ userId }) => userId === entry.userId);
  if (old >= 0) board.splice(old, 1);
  let index = board.length;
  while (index > 0 && isBefore(entry, board[index - 1] as LeaderboardPlace)) index -= 1;
  board.splice(index, 0, entry);
  if (board.length > BOARD_PLACES) board.pop();
}

function isBefore(a: LeaderboardPlace, b: LeaderboardPlace): boolean {
  return a.score > b.score || (a.score === b.score && a.userId < b.userId);
}

function groupOf(roomId: bigint, day: number): string {
  return `${roomId}/${day}`;
}

function keyOf(roomId: bigint, day: number, kind: LeaderboardKind): string {
  return `${roomId}/${day}/${kind}`;
}

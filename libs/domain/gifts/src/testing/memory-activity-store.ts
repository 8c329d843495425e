import type { LogPosition } from '@giftmesh/domain-money';
import {
  ActivityPositionError,
  SCORE_OF_KIND,
  type ActivityBatch,
  type ActivityStore,
  type LeaderboardPlace,
  type LeaderboardQuery,
  type ScoreDelta,
  type Scores,
} from '../ports/activity-store';
import type { SeenAccount } from '../seen-debits';

const TOTAL = 'total';

/** Rankings in memory: a fake that passes the contract suite. Keeps everything, so for tests only. */
export class MemoryActivityStore implements ActivityStore {
  readonly #positions = new Map<number, number>();
  /** By room and day, then by user. */
  readonly #scores = new Map<string, Map<bigint, Scores>>();
  readonly #seen = new Map<string, SeenAccount>();
  readonly #entered = new Set<string>();
  /** Batches that were recorded. */
  recorded = 0;

  async positions(): Promise<readonly LogPosition[]> {
    return [...this.#positions].map(([partition, offset]) => ({ partition, offset }));
  }

  async record(batch: ActivityBatch): Promise<void> {
    for (const move of batch.moves) {
      const stored = this.#positions.get(move.partition) ?? 0;
      if (stored !== move.from) throw new ActivityPositionError(move, stored);
    }
    for (const { partition, to } of batch.moves) this.#positions.set(partition, to);
    for (const delta of batch.scores) this.#raise(delta);
    for (const account of batch.seen) this.#seen.set(`${account.userId}/${account.assetType}`, account);
    this.recorded += 1;
  }

  async seen(accounts: Parameters<ActivityStore['seen']>[0]): Promise<readonly SeenAccount[]> {
    return accounts
      .map(({ userId, assetType }) => this.#seen.get(`${userId}/${assetType}`))
      .filter((account) => account !== undefined);
  }

  async leaderboard({ roomId, kind, day, limit }: LeaderboardQuery): Promise<readonly LeaderboardPlace[]> {
    return [...this.#scoresOf(roomId, day)]
      .map(([userId, scores]) => ({ userId, score: scores[SCORE_OF_KIND[kind]] }))
      .filter(({ score }) => score > 0n)
      .sort((a, b) => (a.score !== b.score ? (a.score > b.score ? -1 : 1) : a.userId < b.userId ? -1 : 1))
      .slice(0, limit);
  }

  async points(roomId: bigint, viewerId: bigint): Promise<bigint> {
    return this.#scoresOf(roomId, undefined).get(viewerId)?.points ?? 0n;
  }

  async enter(roomId: bigint, viewerId: bigint, day: number, points: bigint): Promise<boolean> {
    const key = `${roomId}/${viewerId}/${day}`;
    if (this.#entered.has(key)) return false;
    this.#entered.add(key);
    this.#raise({ roomId, day, userId: viewerId, paid: 0n, got: 0n, points });
    return true;
  }

  async close(): Promise<void> {}

  #raise({ roomId, day, userId, paid, got, points }: ScoreDelta): void {
    for (const users of [this.#scoresOf(roomId, undefined), this.#scoresOf(roomId, day)]) {
      const before = users.get(userId) ?? { paid: 0n, got: 0n, points: 0n };
      users.set(userId, { paid: before.paid + paid, got: before.got + got, points: before.points + points });
    }
  }

  #scoresOf(roomId: bigint, day: number | undefined): Map<bigint, Scores> {
    const key = `${roomId}/${day ?? TOTAL}`;
    let users = this.#scores.get(key);
    if (users === undefined) this.#scores.set(key, (users = new Map<bigint, Scores>()));
    return users;
  }
}

import type { LogPosition } from '@giftmesh/domain-money';
import {
  ActivityPositionError,
  type ActivityBatch,
  type ActivityStore,
  type LeaderboardKind,
  type LeaderboardPlace,
  type LeaderboardQuery,
  type ScoreDelta,
} from '../ports/activity-store';
import type { SeenAccount } from '../seen-debits';

const TOTAL = 'total';

/** Rankings in memory: a fake that passes the contract suite. Keeps everything, so for tests only. */
export class MemoryActivityStore implements ActivityStore {
  readonly #positions = new Map<number, number>();
  readonly #rankings = new Map<string, Map<bigint, bigint>>();
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
    return [...this.#ranking(roomId, kind, day)]
      .map(([userId, score]) => ({ userId, score }))
      .sort((a, b) => (a.score !== b.score ? (a.score > b.score ? -1 : 1) : a.userId < b.userId ? -1 : 1))
      .slice(0, limit);
  }

  async points(roomId: bigint, viewerId: bigint): Promise<bigint> {
    return this.#ranking(roomId, 'activity', undefined).get(viewerId) ?? 0n;
  }

  async enter(roomId: bigint, viewerId: bigint, day: number, points: bigint): Promise<boolean> {
    const key = `${roomId}/${viewerId}/${day}`;
    if (this.#entered.has(key)) return false;
    this.#entered.add(key);
    this.#raise({ roomId, kind: 'activity', day, userId: viewerId, score: points });
    return true;
  }

  async close(): Promise<void> {}

  #raise({ roomId, kind, day, userId, score }: ScoreDelta): void {
    for (const ranking of [this.#ranking(roomId, kind, undefined), this.#ranking(roomId, kind, day)])
      ranking.set(userId, (ranking.get(userId) ?? 0n) + score);
  }

  #ranking(roomId: bigint, kind: LeaderboardKind, day: number | undefined): Map<bigint, bigint> {
    const key = `${roomId}/${kind}/${day ?? TOTAL}`;
    let ranking = this.#rankings.get(key);
    if (ranking === undefined) this.#rankings.set(key, (ranking = new Map<bigint, bigint>()));
    return ranking;
  }
}

import type { interaction } from '@giftmesh/contract';
import type { LeaderboardPlace, LeaderboardQuery } from '@giftmesh/domain-gifts';

/** Places of a ranking, highest first, with their ranks from 1. */
export function placesToProto(places: readonly LeaderboardPlace[]): interaction.LeaderboardEntry[] {
  return places.map(({ userId, score }, index) => ({ rank: index + 1, userId, score }));
}

/** How a ranking is read: from the store, or as it was lately. */
export type ReadPlaces = (query: LeaderboardQuery) => Promise<readonly LeaderboardPlace[]>;

/** The room's viewers who have paid most. Rejects as `read` does. */
export async function firstPlaces(
  read: ReadPlaces,
  limit: number,
  roomId: bigint,
): Promise<interaction.LeaderboardEntry[]> {
  return placesToProto(await read({ roomId, kind: 'viewers', day: undefined, limit }));
}

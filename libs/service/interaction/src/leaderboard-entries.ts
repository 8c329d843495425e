import type { interaction } from '@giftmesh/contract';
import type { ActivityStore, LeaderboardPlace } from '@giftmesh/domain-gifts';

/** Places of a ranking, highest first, with their ranks from 1. */
export function placesToProto(places: readonly LeaderboardPlace[]): interaction.LeaderboardEntry[] {
  return places.map(({ userId, score }, index) => ({ rank: index + 1, userId, score }));
}

/** The room's viewers who have paid most. Rejects as the store does. */
export async function firstPlaces(
  store: ActivityStore,
  limit: number,
  roomId: bigint,
): Promise<interaction.LeaderboardEntry[]> {
  return placesToProto(await store.leaderboard({ roomId, kind: 'viewers', day: undefined, limit }));
}

import type { interaction } from '@giftmesh/contract';
import type { InteractionService } from '../interaction-service';
import { ROOM, Tap, VIEWER, type Kit } from './kit';

/** What a viewer has paid in the room by its ranking. */
export async function paid(kit: Kit, viewerId = VIEWER): Promise<bigint> {
  const places = await kit.activity.leaderboard({ roomId: ROOM, kind: 'viewers', day: undefined, limit: 100 });
  return places.find(({ userId }) => userId === viewerId)?.score ?? 0n;
}

/** Watches the room from now on. */
export const watch = (service: InteractionService): Tap<interaction.WatchRoomResponse> =>
  new Tap(service.handlers.watchRoom({ roomId: ROOM, resumeToken: '' }));

/** What a watcher was shown gift by gift. */
export const coinsSeen = (tap: Tap<interaction.WatchRoomResponse>): bigint =>
  tap.seen.reduce((sum, { event }) => sum + (event?.$case === 'gift' ? event.value.coins : 0n), 0n);

import { seededRooms, type Room } from '@giftmesh/domain-gifts';

/** A streamer and where she is on. */
export interface Streamer {
  readonly streamerId: bigint;
  readonly room: Room;
}

const ALL: readonly Streamer[] = seededRooms().rooms.flatMap((room) =>
  room.streamerIds.map((streamerId) => ({ streamerId, room })),
);

/** As many as the seeded rooms have. */
export const STREAMERS_MAX = ALL.length;

/** The first streamers of the seeded rooms, in order of how popular they are here: the first ten share the big stage. */
export function streamersOf(count: number): readonly Streamer[] {
  return ALL.slice(0, count);
}

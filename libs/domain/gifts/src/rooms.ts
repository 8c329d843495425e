/** A live room. */
export interface Room {
  readonly roomId: bigint;
  readonly title: string;
  /** Gets gifts that name no recipient. */
  readonly hostId: bigint;
  /** Everybody who can get gifts here, the host included, in the order in which they are shown. */
  readonly streamerIds: readonly bigint[];
}

/** Which rooms there are. Asked for every gift, so it answers from memory; keeping that fresh is the implementation's matter. */
export interface RoomDirectory {
  /** The room, undefined when there is none. */
  find(roomId: bigint): Room | undefined;
}

/** Rooms that don't change. */
export class FixedRooms implements RoomDirectory {
  readonly #rooms: ReadonlyMap<bigint, Room>;

  /** Throws RangeError for a room whose host is not among its streamers. */
  constructor(rooms: Iterable<Room>) {
    this.#rooms = new Map([...rooms].map((room) => [room.roomId, room]));
    for (const { roomId, hostId, streamerIds } of this.#rooms.values())
      if (!streamerIds.includes(hostId)) throw new RangeError(`the host of room ${roomId} is none of its streamers`);
  }

  find(roomId: bigint): Room | undefined {
    return this.#rooms.get(roomId);
  }

  get rooms(): readonly Room[] {
    return [...this.#rooms.values()];
  }
}

const SEEDED_ROOMS = 100;
/** Streamer ids of the seeded rooms begin above this, each room with a hundred of its own: room 7's host is 9000601. */
const FIRST_STREAMER = 9_000_000;
const STREAMER_IDS_PER_ROOM = 100;
const TITLES = [
  'Evening Piano',
  'Late Night Talk',
  'Cooking for Two',
  'Speed Chess',
  'City Walk',
  'Open Stage',
  'Drawing',
];

/** Rooms 1 to 100, for demos and tests. Room 1 is the big stage with ten streamers; the others have one to five. */
export function seededRooms(): FixedRooms {
  return new FixedRooms(
    Array.from({ length: SEEDED_ROOMS }, (_, index): Room => {
      const first = BigInt(FIRST_STREAMER + index * STREAMER_IDS_PER_ROOM + 1);
      const streamers = index === 0 ? 10 : 1 + (index % 5);
      return {
        roomId: BigInt(index + 1),
        title: index === 0 ? 'The Big Stage' : `${TITLES[index % TITLES.length] ?? ''} ${index + 1}`,
        hostId: first,
        streamerIds: Array.from({ length: streamers }, (_unused, offset) => first + BigInt(offset)),
      };
    }),
  );
}

import { FixedRooms, seededRooms } from './rooms';

describe('the seeded rooms', () => {
  const { rooms } = seededRooms();

  it('are 100, each with a host among streamers that no other room has', () => {
    expect(rooms.map(({ roomId }) => roomId)).toEqual(Array.from({ length: 100 }, (_, index) => BigInt(index + 1)));
    const streamers = rooms.flatMap(({ streamerIds }) => streamerIds);
    expect(new Set(streamers).size).toBe(streamers.length);
    for (const { hostId, streamerIds, title } of rooms) {
      expect(streamerIds).toContain(hostId);
      expect(title.length).toBeGreaterThan(3);
    }
  });

  it('begin with the big stage of ten', () => {
    const directory = seededRooms();
    expect(directory.find(1n)).toMatchObject({ hostId: 9_000_001n, streamerIds: { length: 10 } });
    expect(directory.find(7n)?.hostId).toBe(9_000_601n);
    expect(directory.find(0n)).toBeUndefined();
    expect(directory.find(101n)).toBeUndefined();
  });
});

describe('FixedRooms', () => {
  it('refuses a host who is no streamer of her room', () => {
    expect(() => new FixedRooms([{ roomId: 1n, title: 't', hostId: 2n, streamerIds: [3n] }])).toThrow('host of room 1');
  });
});

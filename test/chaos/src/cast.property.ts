import fc from 'fast-check';
import { interaction } from '@giftmesh/contract';
import { seededRandom } from '@giftmesh/kernel-random';
import { castOf, drawGift, EPOCHS_PER_FOLDER, expectedEvent, roomIdsOf } from './cast';

const gift = (giftId: number, price: bigint): interaction.Gift =>
  interaction.Gift.fromPartial({ giftId, price, maxCount: 10, maxRecipients: 20 });
const room = (roomId: bigint, streamers: number): interaction.Room => ({
  roomId,
  title: '',
  hostId: roomId * 100n,
  streamerIds: Array.from({ length: streamers }, (_, index) => roomId * 100n + BigInt(index)),
});
const cast = castOf(
  3,
  [room(1n, 3), room(2n, 1), room(3n, 2), room(4n, 1)],
  [gift(1, 1n), gift(2, 99n), gift(3, 30_000n)],
);

describe('drawGift', () => {
  it('draws gifts that are in order, and whose legs add up', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const request = drawGift(cast, seededRandom(seed), 'a');
        const streamers = cast.rooms.find(({ roomId }) => roomId === request.roomId)?.streamerIds ?? [];
        const event = expectedEvent(cast, request);
        const payees = event.toUserChanges.map(({ userId }) => userId);
        expect(new Set(payees).size).toBe(payees.length);
        for (const payee of payees) expect(streamers).toContain(payee);
        expect(payees).not.toContain(request.viewerId);
        const credits = event.toUserChanges.reduce((sum, { incr }) => sum + incr, 0n);
        expect(event.opUserChange?.incr).toBe(-credits);
        expect(credits).toBeGreaterThan(0n);
      }),
    );
  });
});

describe('roomIdsOf', () => {
  it('gives the epochs of one folder rooms of their own', () => {
    const ids = Array.from({ length: EPOCHS_PER_FOLDER }, (_, epoch) => roomIdsOf(epoch)).flat();
    expect(new Set(ids).size).toBe(100);
    expect(Math.max(...ids.map(Number))).toBe(100);
  });
});

import fc from 'fast-check';
import { eventProblems, DEFAULT_ACCEPTANCE_WINDOW } from '@giftmesh/domain-money';
import { lowestUuidV7At } from '@giftmesh/kernel-ids';
import { seededCatalogue } from './catalogue';
import { checkOrder, type OrderRules } from './check-order';
import { priceGift } from './price-gift';
import { seededRooms } from './rooms';

const NOW_MS = Date.UTC(2026, 0, 1);
const rules: OrderRules = {
  catalogue: seededCatalogue(),
  rooms: seededRooms(),
  window: DEFAULT_ACCEPTANCE_WINDOW,
};

/** Orders that are often good and often just not. */
const order = fc
  .record({
    room: fc.constantFrom(...seededRooms().rooms),
    gift: fc.constantFrom(...rules.catalogue.gifts),
    count: fc.integer({ min: -1, max: 1_400 }),
    recipients: fc.array(fc.nat({ max: 10 }), { maxLength: 12 }),
    viewerId: fc.oneof(fc.bigInt({ min: -1n, max: 2n ** 63n }), fc.constant(9_000_001n)),
    comboKey: fc.oneof(fc.string({ maxLength: 70 }), fc.constant('')),
    ageMs: fc.integer({ min: -400_000, max: 4_000_000 }),
  })
  .map(({ room, gift, count, recipients, viewerId, comboKey, ageMs }) => ({
    eventId: lowestUuidV7At(NOW_MS - ageMs),
    viewerId,
    roomId: room.roomId,
    giftId: gift.giftId,
    count,
    recipientIds: recipients.map((index) => room.hostId + BigInt(index)),
    comboKey,
  }));

describe('a checked order', () => {
  it('makes an event that is right in the eyes of money, at the catalogue’s price', () => {
    let good = 0;
    fc.assert(
      fc.property(order, (one) => {
        const checked = checkOrder(one, rules, NOW_MS);
        if (checked.kind !== 'good') return;
        good += 1;
        const { gift, recipientIds } = checked;
        const event = priceGift(gift, one, recipientIds);
        expect(eventProblems(event)).toEqual([]);
        expect(event.toUserChanges.map(({ userId }) => userId)).toEqual(recipientIds);
        for (const { incr } of event.toUserChanges) expect(incr).toBe(gift.price * BigInt(one.count));
        expect(event.opUserChange.incr).toBe(-gift.price * BigInt(one.count) * BigInt(recipientIds.length));
        expect(event).toMatchObject({ opUserId: one.viewerId, bizId: one.roomId, objId: String(one.giftId) });
      }),
      { numRuns: 2_000 },
    );
    expect(good).toBeGreaterThan(50);
  });

  it('is refused for a reason in one of its fields', () => {
    fc.assert(
      fc.property(order, (one) => {
        const checked = checkOrder(one, rules, NOW_MS);
        if (checked.kind === 'good') return;
        if (checked.kind !== 'invalid') throw new Error(checked.kind);
        expect(checked.problems.length).toBeGreaterThan(0);
        for (const { field, description } of checked.problems) {
          expect(field).toMatch(/^(event_id|viewer_id|count|combo_key|recipient_ids(\[\d+\])?)$/);
          expect(description).not.toBe('');
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

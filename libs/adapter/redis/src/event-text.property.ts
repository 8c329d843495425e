import fc from 'fast-check';
import {
  AMOUNT_MAX,
  ASSET_TYPES,
  BIZ_TYPES,
  EVENT_TYPES,
  markerOf,
  type AssetEvent,
  type DecidedEvent,
} from '@giftmesh/domain-money';
import { ID_MAX } from '@giftmesh/kernel-ids';
import { eventFromText, eventToText } from './event-text';
import { fingerprintText, pendingText, settledText, storedDecision } from './stored-decision';

const id = fc.bigInt({ min: 0n, max: ID_MAX });
const amount = fc.bigInt({ min: -AMOUNT_MAX, max: AMOUNT_MAX });
const change = fc.record({ userId: id, assetType: fc.constantFrom(...ASSET_TYPES), incr: amount });
const text = fc.string({ unit: 'binary', maxLength: 64 });
const event: fc.Arbitrary<AssetEvent> = fc.record({
  eventId: fc.uuid({ version: 7 }),
  opUserId: id,
  eventType: fc.constantFrom(...EVENT_TYPES),
  bizId: id,
  bizType: fc.constantFrom(...BIZ_TYPES),
  objId: text,
  opUserChange: change,
  toUserChanges: fc.array(change, { maxLength: 5 }),
  quantity: fc.nat(),
  comboKey: text,
});
const decided: fc.Arbitrary<DecidedEvent> = fc.record({
  event,
  outcome: fc.constantFrom('applied' as const, 'insufficient_balance' as const),
  opUserBalance: amount,
  seq: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  generation: fc.nat(),
  fingerprint: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  decidedAtMs: fc.nat({ max: 2 ** 48 }),
});

describe('what is stored of an event', () => {
  it('is read as it was', () => {
    fc.assert(fc.property(event, (one) => expect(eventFromText(eventToText(one), one)).toEqual(one)));
  });

  it('is read as it was with its decision, until and after it is settled', () => {
    fc.assert(
      fc.property(decided, fc.nat(), (one, order) => {
        const pending = pendingText({
          fingerprint: fingerprintText(one.fingerprint),
          outcome: one.outcome,
          opUserBalance: String(one.opUserBalance),
          seq: String(one.seq),
          generation: String(one.generation),
          decidedAtMs: String(one.decidedAtMs),
          order: String(order),
          event: eventToText(one.event),
        });
        const marker = markerOf(one);
        expect(storedDecision(pending, one.event)).toEqual({ marker, pending: one, order });
        expect(storedDecision(settledText(marker), one.event)).toEqual({ marker, pending: undefined, order: 0 });
        // What the settle script keeps of it.
        expect(`S${pending.slice(1, pending.indexOf(';'))}`).toBe(settledText(marker));
      }),
    );
  });

  it.each([
    ['[2]', 'format 2, not 1'],
    ['[1,"gift_of_2030","7","live","",["1","coin","1"],[],1,""]', 'gift_of_2030'],
    ['[1,"interact_gift","7","live","",["1","pearl","1"],[],1,""]', 'pearl'],
  ])('is refused when it is of a version to come: %s', (stored, says) => {
    expect(() => eventFromText(stored, { opUserId: 1n, eventId: 'e' })).toThrow(says);
  });

  it('is refused when it is none', () => {
    expect(() => storedDecision(`P${'0'.repeat(16)}a1;2`, { opUserId: 1n, eventId: 'e' })).toThrow(
      'event e is stored as P',
    );
  });
});

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
import { pendingDecision, pendingText, settledMarker, settledText } from './stored-decision';

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
        const opUserBalance = Number(one.opUserBalance);
        const pending = pendingText({ ...one, opUserBalance, nowMs: one.decidedAtMs, order });
        expect(pendingDecision(pending, one.event, one.generation)).toEqual({ decided: one, order });
        const settled = settledText(markerOf(one));
        expect(settledMarker(settled, one.event)).toEqual(markerOf(one));
        // What the settle script keeps of it.
        const [balance, , , fingerprint] = pending.split(';');
        expect(`${balance};${fingerprint}`).toBe(settled);
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

  it.each(['a1;2', 'a1;2;3;ff;5'])('is refused when it is none: %s', (text) => {
    const key = { opUserId: 1n, eventId: 'e' };
    expect(() => pendingDecision(text, key, 1)).toThrow(`event e is stored as ${text}`);
  });

  it('is refused as settled when it is not', () => {
    for (const text of ['a1', 'a1;2;3;ff;5;[]'])
      expect(() => settledMarker(text, { eventId: 'e' })).toThrow(`event e is stored as ${text}`);
  });
});

import fc from 'fast-check';
import type { AssetEvent } from './event';
import { fingerprintOf } from './fingerprint';
import { sampleGift } from './testing/balance-store-samples';

const text = fc.string({ unit: fc.constantFrom('|', ':', 'a', '1', ',', '-'), maxLength: 6 });
const id = fc.bigInt({ min: 1n, max: 30n });
const change = fc.record({
  userId: id,
  assetType: fc.constantFrom('coin' as const, 'diamond' as const),
  incr: fc.bigInt({ min: -20n, max: 20n }),
});
const content = fc.record({
  opUserId: id,
  eventType: fc.constantFrom('interact_gift' as const, 'withdrawal' as const),
  bizId: id,
  bizType: fc.constantFrom('live' as const, 'recharge' as const),
  objId: text,
  opUserChange: change,
  toUserChanges: fc.uniqueArray(change, { selector: ({ userId }) => userId, maxLength: 3 }),
  quantity: fc.nat(20),
  comboKey: text,
});
const eventOf = (changes: Partial<AssetEvent>): AssetEvent => ({
  ...sampleGift({ id: 1, from: 7n, amount: 10n }),
  ...changes,
});
const byUser = (event: AssetEvent) => ({
  ...event,
  toUserChanges: [...event.toUserChanges].sort((a, b) => Number(a.userId - b.userId)),
});

describe('fingerprintOf', () => {
  it('stays what it is: it is stored', () => {
    expect(fingerprintOf(eventOf({}))).toBe(14748306335011089916n);
    expect(
      fingerprintOf(
        eventOf({
          toUserChanges: [
            { userId: 900n, assetType: 'coin', incr: 4n },
            { userId: 901n, assetType: 'diamond', incr: 6n },
          ],
          comboKey: 'combo-7',
        }),
      ),
    ).toBe(5477488781895412426n);
  });

  it('is an unsigned 64-bit number, and the same for the same content', () => {
    fc.assert(
      fc.property(content, (changes) => {
        const fingerprint = fingerprintOf(eventOf(changes));
        expect(BigInt.asUintN(64, fingerprint)).toBe(fingerprint);
        expect(fingerprintOf(eventOf({ ...changes }))).toBe(fingerprint);
      }),
    );
  });

  it('does not look at the id, nor at the order of recipients', () => {
    fc.assert(
      fc.property(content, (changes) => {
        const reversed = { ...changes, toUserChanges: [...changes.toUserChanges].reverse() };
        expect(fingerprintOf(eventOf({ ...reversed, eventId: 'another' }))).toBe(fingerprintOf(eventOf(changes)));
      }),
    );
  });

  it('differs for different contents, separators in texts included', () => {
    fc.assert(
      fc.property(content, content, (a, b) => {
        const [one, two] = [byUser(eventOf(a)), byUser(eventOf(b))];
        fc.pre(textOf(one) !== textOf(two));
        expect(fingerprintOf(one)).not.toBe(fingerprintOf(two));
      }),
      { numRuns: 2_000 },
    );
    const split = (objId: string, comboKey: string, userId: bigint) =>
      eventOf({ objId, comboKey, toUserChanges: [{ userId, assetType: 'coin', incr: 10n }] });
    const pays = '7:coin:-10';
    const tricky = split('A', `${pays}|901:coin:10|1|Y`, 900n);
    expect(fingerprintOf(tricky)).not.toBe(fingerprintOf(split(`A|${pays}|900:coin:10|1`, 'Y', 901n)));
  });

  it('spreads: no two of many like gifts have the same', () => {
    const seen = new Set<bigint>();
    for (let user = 1n; user <= 200n; user += 1n)
      for (let amount = 1n; amount <= 200n; amount += 1n)
        seen.add(fingerprintOf(sampleGift({ id: 1, from: user, amount })));
    expect(seen.size).toBe(40_000);
  });
});

const textOf = (event: AssetEvent): string =>
  JSON.stringify(event, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));

import { zeroCounters, type Counters } from './assets';
import { compareStoreWithLedger, describeDifference, DifferenceList } from './reconciliation';
import { sampleDecided } from './testing/ledger-samples';

const [ALICE, STAR] = [1n, 2n] as const;

const counters = (userId: bigint, changes: Partial<Counters>): Counters => ({
  ...zeroCounters(userId, 'coin'),
  ...changes,
});

describe('compareStoreWithLedger', () => {
  const ledger = [counters(ALICE, { credited: 100n, debited: 30n, seq: 3 }), counters(STAR, { credited: 30n })];

  test('at rest, both have the same', () => {
    expect(compareStoreWithLedger(ledger, ledger, [])).toEqual([]);
  });

  test('in flight, the store is ahead by the unapplied events, each counted once', () => {
    const first = sampleDecided({ id: 4, from: ALICE, to: STAR, amount: 7n, seq: 4 });
    const second = sampleDecided({ id: 5, from: ALICE, to: STAR, amount: 1n, seq: 5 });
    const refused = sampleDecided({ id: 6, from: ALICE, to: STAR, amount: 900n, refused: true });
    const store = [counters(ALICE, { credited: 100n, debited: 38n, seq: 5 })];
    expect(compareStoreWithLedger(store, ledger, [second, first, refused, first])).toEqual([]);
    expect(compareStoreWithLedger(store, ledger, [second])).toEqual([
      {
        kind: 'store',
        userId: ALICE,
        assetType: 'coin',
        problem: 'ahead',
        counter: 'debited',
        store: 38n,
        expected: 31n,
      },
    ]);
  });

  test('the same event id of two users is two events', () => {
    const both = [ALICE, STAR].map((from) => sampleDecided({ id: 4, from, to: 9n, amount: 7n, seq: 4 }));
    const store = [ALICE, STAR].map((userId) => counters(userId, { debited: 7n, seq: 4 }));
    expect(compareStoreWithLedger(store, [], both)).toEqual([]);
  });

  test.each([
    ['credited', 'ahead', { credited: 101n }],
    ['credited', 'behind', { credited: 99n }],
    ['reversed', 'ahead', { reversed: 1n }],
    ['debited', 'behind', { debited: 29n }],
    ['seq', 'behind', { seq: 2 }],
    ['seq', 'ahead', { seq: 4 }],
  ])('%s %s of the ledger is a difference', (counter, problem, changes) => {
    const store = [{ ...(ledger[0] as Counters), ...changes }];
    expect(compareStoreWithLedger(store, ledger, [])).toMatchObject([
      { kind: 'store', userId: ALICE, counter, problem },
    ]);
  });

  test('accounts that only the ledger has are not in memory; those that only the store has must be empty', () => {
    expect(compareStoreWithLedger([], ledger, [])).toEqual([]);
    expect(compareStoreWithLedger([counters(7n, {})], ledger, [])).toEqual([]);
    expect(compareStoreWithLedger([counters(7n, { credited: 1n })], ledger, [])).toHaveLength(1);
  });
});

describe('DifferenceList', () => {
  test('counts all and keeps the first', () => {
    const list = new DifferenceList(2);
    const of = (balances: bigint) => ({ kind: 'conservation', balances, outside: 0n }) as const;
    list.add(of(1n));
    list.add(of(2n), of(3n));
    expect(list.count).toBe(3);
    expect(list.kept).toEqual([of(1n), of(2n)]);
    expect(() => new DifferenceList(0)).toThrow(RangeError);
  });
});

test('a difference reads as a line of text', () => {
  expect(
    describeDifference({ kind: 'duplicate_seq', userId: 1n, assetType: 'coin', seq: 2, eventIds: ['a', 'b'] }),
  ).toBe('duplicate_seq: userId 1, assetType coin, seq 2, eventIds a and b');
});

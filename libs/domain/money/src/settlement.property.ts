import fc from 'fast-check';
import { AMOUNT_MAX, balanceOf, zeroCounters, type AssetType } from './assets';
import type { DecidedEvent, LogEntry } from './decision';
import { LedgerRejectError, type LedgerSlice } from './ports/ledger';
import { applyDelta, applyFences, checkCounters, sumDeltas, type AccountDelta, type LedgerAccount } from './settlement';
import { ShardMap } from './shards';
import { eventEntry, fenceEntry, sampleDecided, type SampleEvent } from './testing/ledger-samples';

const SHARDS = new ShardMap(8, 2);
const user = fc.bigInt({ min: 1n, max: 6n });
const asset = fc.constantFrom<AssetType>('coin', 'diamond');

const decided: fc.Arbitrary<DecidedEvent> = fc
  .record({
    id: fc.nat(1_000_000),
    from: user,
    to: fc.uniqueArray(fc.tuple(user, fc.bigInt({ min: 1n, max: 100n })), { maxLength: 3, selector: ([id]) => id }),
    seq: fc.integer({ min: 1, max: 20 }),
    refused: fc.boolean(),
    asset,
    toAsset: asset,
    generation: fc.nat(3),
  })
  .map((sample: SampleEvent) => sampleDecided(sample));

const entry: fc.Arbitrary<LogEntry> = fc.oneof(
  { weight: 4, arbitrary: decided.map(eventEntry) },
  { weight: 1, arbitrary: fc.tuple(fc.array(fc.nat(7)), fc.nat(3)).map(([shards, n]) => fenceEntry(shards, n)) },
);

const sliceOf = (partition: number, entries: readonly LogEntry[]): LedgerSlice => ({
  partition,
  fromOffset: 0,
  toOffset: entries.length,
  entries,
  parked: [],
});

const slices = fc.array(
  fc.tuple(fc.nat(1), fc.array(entry, { maxLength: 8 })).map(([partition, entries]) => sliceOf(partition, entries)),
  { maxLength: 5 },
);

describe('applyFences', () => {
  const NONE = new Map<number, number>();

  test('passes each event on exactly once, in order', () => {
    fc.assert(
      fc.property(slices, (all) => {
        const { events, fenced } = applyFences(all, NONE, SHARDS);
        const inLog = all.flatMap(({ entries }) =>
          entries.flatMap((one) => (one.kind === 'event' ? [one.decided] : [])),
        );
        const passed = new Set(events);
        expect(events).toEqual(inLog.filter((one) => passed.has(one)));
        expect(events.length + fenced.length).toBe(inLog.length);
      }),
    );
  });

  test('cut into stretches anywhere, the outcome is the same', () => {
    fc.assert(
      fc.property(slices, (all) => {
        const whole = applyFences(all, NONE, SHARDS);
        let fences: ReadonlyMap<number, number> = NONE;
        const events: DecidedEvent[] = [];
        for (const { partition, entries } of all) {
          for (const one of entries) {
            const step = applyFences([sliceOf(partition, [one])], fences, SHARDS);
            events.push(...step.events);
            fences = step.fences;
          }
        }
        expect(events).toEqual(whole.events);
        expect(fences).toEqual(whole.fences);
      }),
    );
  });

  test('partitions may be read in any order against each other', () => {
    // An event stands in its payer's partition, as it does in a real log.
    const log = fc
      .array(entry, { maxLength: 25 })
      .map((entries) =>
        [0, 1].map((partition) =>
          entries.filter((one) => one.kind === 'fence' || SHARDS.partitionOf(one.decided.event.opUserId) === partition),
        ),
      );
    fc.assert(
      fc.property(log, ([first = [], second = []]) => {
        const one = applyFences([sliceOf(0, first), sliceOf(1, second)], NONE, SHARDS);
        const other = applyFences([sliceOf(1, second), sliceOf(0, first)], NONE, SHARDS);
        expect(new Set(other.events)).toEqual(new Set(one.events));
        expect(other.fences).toEqual(one.fences);
      }),
    );
  });

  test('a fence holds back what is older than it, and nothing else', () => {
    const shard = SHARDS.shardOf(1n);
    const partition = SHARDS.partitionOfShard(shard);
    const of = (generation: number): LogEntry =>
      eventEntry(sampleDecided({ id: generation, from: 1n, to: 2n, generation }));
    const entries = [of(0), fenceEntry([shard], 2), of(1), of(2), of(3), fenceEntry([shard], 1), of(1)];
    const { events, fenced, fences } = applyFences([sliceOf(partition, entries)], NONE, SHARDS);
    expect(events.map(({ generation }) => generation)).toEqual([0, 2, 3]);
    expect(fenced.map(({ generation }) => generation)).toEqual([1, 1]);
    expect(fences).toEqual(new Map([[shard, 2]]));
  });

  test('leaves the fences that it was given alone', () => {
    const before = new Map([[0, 5]]);
    applyFences([sliceOf(0, [fenceEntry([0, 2], 9)])], before, SHARDS);
    expect(before).toEqual(new Map([[0, 5]]));
  });
});

describe('sumDeltas', () => {
  test('moves exactly what the events say, whatever their order', () => {
    fc.assert(
      fc.property(fc.array(decided, { maxLength: 20 }), (events) => {
        const deltas = sumDeltas(events);
        const applied = events.filter(({ outcome }) => outcome === 'applied');
        const total = (of: (delta: AccountDelta) => bigint): bigint => deltas.reduce((sum, one) => sum + of(one), 0n);
        const paid = applied.reduce((sum, { event }) => sum - event.opUserChange.incr, 0n);
        const got = applied.flatMap(({ event }) => event.toUserChanges).reduce((sum, { incr }) => sum + incr, 0n);
        expect(total(({ debited }) => debited)).toBe(paid);
        expect(total(({ credited }) => credited)).toBe(got);
        expect(deltas.reduce((sum, { debits }) => sum + debits, 0)).toBe(applied.length);
        const numbers = (list: readonly AccountDelta[]) => list.map(({ lastDebitEventId: _, ...rest }) => rest);
        expect(numbers(sumDeltas([...events].reverse()))).toEqual(numbers(deltas));
      }),
    );
  });

  test('names each account once, in order of user and asset', () => {
    fc.assert(
      fc.property(fc.array(decided, { maxLength: 20 }), (events) => {
        const keys = sumDeltas(events).map(({ userId, assetType }) => `${userId}/${assetType}`);
        expect(keys).toEqual([...new Set(keys)].sort());
      }),
    );
  });

  test('names the last debit and the largest number', () => {
    const events = [
      sampleDecided({ id: 1, from: 1n, to: 2n, seq: 7 }),
      sampleDecided({ id: 2, from: 1n, to: 2n, seq: 5 }),
      sampleDecided({ id: 3, from: 1n, to: 2n, refused: true }),
    ];
    expect(sumDeltas(events)).toMatchObject([
      { userId: 1n, seqMax: 7, debits: 2, lastDebitEventId: events[1]?.event.eventId },
      { userId: 2n, seqMax: 0, debits: 0, lastDebitEventId: '' },
    ]);
  });
});

describe('applyDelta', () => {
  const delta = (changes: Partial<AccountDelta>): AccountDelta => ({
    userId: 1n,
    assetType: 'coin',
    credited: 0n,
    debited: 0n,
    debits: 0,
    seqMax: 0,
    lastDebitEventId: '',
    ...changes,
  });
  const debit = (seqMax: number, debited = 1n): AccountDelta => delta({ debited, debits: 1, seqMax });
  const rich: LedgerAccount = { ...zeroCounters(1n, 'coin'), credited: 1_000_000n, debits: 0 };

  test('counters only grow, by the delta', () => {
    const amounts = fc.record({
      credited: fc.bigInt(0n, 1000n),
      debited: fc.bigInt(0n, 1000n),
      debits: fc.nat(5),
      seqMax: fc.nat(9),
    });
    fc.assert(
      fc.property(fc.array(amounts, { maxLength: 10 }), (changes) => {
        let account: LedgerAccount | undefined;
        for (const change of changes) {
          const { after }: { after: LedgerAccount } = applyDelta(account, delta(change));
          expect(after.credited).toBe((account?.credited ?? 0n) + change.credited);
          expect(after.debited).toBe((account?.debited ?? 0n) + change.debited);
          expect(after.debits).toBe((account?.debits ?? 0) + change.debits);
          expect(after.seq).toBe(Math.max(account?.seq ?? 0, change.seqMax));
          account = after;
        }
      }),
    );
  });

  test('numbers that are dense at the end are no anomaly, in whatever order they come', () => {
    const order = fc.integer({ min: 1, max: 12 }).chain((n) => fc.shuffledSubarray(numbersTo(n), { minLength: n }));
    fc.assert(
      fc.property(order, (seqs) => {
        let account = rich;
        for (const seq of seqs) {
          const { after, anomalies } = applyDelta(account, debit(seq));
          expect(anomalies).toEqual([]);
          account = after;
        }
        expect(account.debits).toBe(account.seq);
      }),
    );
  });

  test('each repeated number is noted, at the latest when the others are there, and none without', () => {
    const order = fc
      .tuple(fc.integer({ min: 1, max: 8 }), fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 4 }))
      .chain(([n, extra]) => {
        const repeated = extra.map((one) => ((one - 1) % n) + 1);
        const all = [...numbersTo(n), ...repeated];
        return fc.tuple(fc.shuffledSubarray(all, { minLength: all.length }), fc.constant(repeated.length));
      });
    fc.assert(
      fc.property(order, ([seqs, repeated]) => {
        let account = rich;
        let noted = 0;
        for (const seq of seqs) {
          const { after, anomalies } = applyDelta(account, debit(seq));
          noted += anomalies.length;
          account = after;
        }
        expect(noted).toBeGreaterThanOrEqual(repeated);
        if (repeated === 0) expect(noted).toBe(0);
      }),
    );
  });

  test.each([
    ['enough', { credited: 10n }, 10n, []],
    ['more than was ever credited', { credited: 9n }, 10n, ['negative_balance']],
    ['more than a reversal has left', { credited: 10n, reversed: 1n }, 10n, ['spent_after_reversal']],
    ['more than was credited, and a reversal too', { credited: 9n, reversed: 1n }, 10n, ['negative_balance']],
  ])('a debit of %s', (_, counters, debited, kinds) => {
    const { after, anomalies } = applyDelta({ ...rich, ...counters }, debit(1, debited));
    expect(anomalies.map(({ kind }) => kind)).toEqual(kinds);
    expect(balanceOf(after) < 0n).toBe(kinds.length > 0);
  });

  test('a credit to an account in debt is no anomaly', () => {
    const debtor = { ...rich, credited: 5n, reversed: 5n, debited: 3n, seq: 1, debits: 1 };
    expect(applyDelta(debtor, delta({ credited: 1n })).anomalies).toEqual([]);
  });

  test('refuses counters above 2^53 - 1', () => {
    const full = { ...rich, credited: AMOUNT_MAX };
    expect(applyDelta({ ...full, credited: AMOUNT_MAX - 1n }, delta({ credited: 1n })).after.credited).toBe(AMOUNT_MAX);
    expect(() => applyDelta(full, delta({ credited: 1n }))).toThrow(LedgerRejectError);
    expect(() => applyDelta(full, debit(1, AMOUNT_MAX + 1n))).toThrow(LedgerRejectError);
    expect(() => checkCounters({ ...rich, reversed: AMOUNT_MAX + 1n })).toThrow(/2\^53/);
  });
});

const numbersTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);

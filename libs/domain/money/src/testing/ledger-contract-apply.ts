import { AMOUNT_MAX } from '../assets';
import type { DecidedEvent } from '../decision';
import { LedgerRejectError, PositionConflictError } from '../ports/ledger';
import type { MakeLedger } from './ledger-contract';
import { accountOf, balance, CONTRACT_SHARDS, freshLedger, userIn } from './ledger-contract-harness';
import {
  applyAtEnd,
  eventEntry,
  fenceEntry,
  sampleDecided,
  sampleId,
  sampleOrder,
  sliceAtEnd,
  type SampleEvent,
} from './ledger-samples';

const ALICE = userIn(0, 0);
const BOB = userIn(0, 1);
const CAROL = userIn(1, 0);
const STAR = userIn(2, 0);
const shardOf = (userId: bigint): number => CONTRACT_SHARDS.shardOf(userId);
const gift = (sample: SampleEvent): ReturnType<typeof eventEntry> => eventEntry(sampleDecided(sample));

/** `apply`: exactly once, positions, fences, poison, anomalies. */
export function ledgerApplyContract(makeLedger: MakeLedger): void {
  describe('applies each event once', () => {
    const at = freshLedger(makeLedger);

    test('moves what the event says, and tells the counters of touched accounts', async () => {
      const result = await applyAtEnd(at.ledger, [gift({ id: 1, from: ALICE, to: STAR, amount: 30n, seq: 1 })]);
      expect(result).toMatchObject({ applied: 1, duplicates: 0, fenced: 0 });
      expect(result.settled).toEqual([{ opUserId: ALICE, eventId: sampleId(1) }]);
      const byUser = new Map(result.counters.map((counters) => [counters.userId, counters]));
      expect(byUser.size).toBe(2);
      expect(byUser.get(ALICE)).toEqual({
        userId: ALICE,
        assetType: 'coin',
        credited: 0n,
        reversed: 0n,
        debited: 30n,
        seq: 1,
      });
      expect(byUser.get(STAR)).toEqual({
        userId: STAR,
        assetType: 'coin',
        credited: 30n,
        reversed: 0n,
        debited: 0n,
        seq: 0,
      });
    });

    test('tells absolute counters, not the batch’s part', async () => {
      await applyAtEnd(at.ledger, [gift({ id: 1, from: ALICE, to: STAR, amount: 30n, seq: 1 })]);
      const { counters } = await applyAtEnd(at.ledger, [gift({ id: 2, from: ALICE, to: STAR, amount: 12n, seq: 2 })]);
      expect(counters.find(({ userId }) => userId === STAR)?.credited).toBe(42n);
      expect(counters.find(({ userId }) => userId === ALICE)).toMatchObject({ debited: 42n, seq: 2 });
    });

    test('a repetition in a later batch counts as a duplicate and is settled again', async () => {
      const entry = gift({ id: 1, from: ALICE, to: STAR, amount: 30n });
      await applyAtEnd(at.ledger, [entry]);
      const again = await applyAtEnd(at.ledger, [entry]);
      expect(again).toMatchObject({ applied: 0, duplicates: 1, fenced: 0 });
      expect(again.settled).toEqual([{ opUserId: ALICE, eventId: sampleId(1) }]);
      expect(await balance(at.ledger, STAR)).toBe(30n);
    });

    test('a repetition inside a batch is settled once', async () => {
      const entry = gift({ id: 1, from: ALICE, to: STAR, amount: 30n });
      const result = await applyAtEnd(at.ledger, [entry, entry, entry]);
      expect(result).toMatchObject({ applied: 1, duplicates: 2 });
      expect(result.settled).toHaveLength(1);
      expect(await balance(at.ledger, STAR)).toBe(30n);
    });

    test('a repetition in another partition of the same batch changes nothing', async () => {
      const entry = gift({ id: 1, from: ALICE, to: STAR, amount: 30n });
      const slices = [await sliceAtEnd(at.ledger, [entry], 0), await sliceAtEnd(at.ledger, [entry], 3)];
      expect(await at.ledger.apply(slices)).toMatchObject({ applied: 1, duplicates: 1 });
      expect(await balance(at.ledger, ALICE)).toBe(-30n);
    });

    test('two payers with the same event id and the same payee both count', async () => {
      const result = await applyAtEnd(at.ledger, [
        gift({ id: 1, from: ALICE, to: STAR, amount: 30n }),
        gift({ id: 1, from: BOB, to: STAR, amount: 12n }),
      ]);
      expect(result).toMatchObject({ applied: 2, duplicates: 0 });
      expect(result.settled).toHaveLength(2);
      expect(await balance(at.ledger, STAR)).toBe(42n);
      expect(await at.ledger.records(STAR, 10)).toHaveLength(2);
    });

    test('two users who give to each other under the same event id both count', async () => {
      await applyAtEnd(at.ledger, [
        gift({ id: 1, from: ALICE, to: BOB, amount: 30n }),
        gift({ id: 1, from: BOB, to: ALICE, amount: 12n }),
      ]);
      expect(await balance(at.ledger, BOB)).toBe(18n);
      expect(await at.ledger.records(BOB, 10)).toHaveLength(2);
    });

    test('another content under a known id is a duplicate: the first one stays', async () => {
      await applyAtEnd(at.ledger, [gift({ id: 1, from: ALICE, to: STAR, amount: 30n })]);
      const other = await applyAtEnd(at.ledger, [gift({ id: 1, from: ALICE, to: CAROL, amount: 99n })]);
      expect(other).toMatchObject({ applied: 0, duplicates: 1 });
      expect(await balance(at.ledger, CAROL)).toBe(0n);
      expect(await balance(at.ledger, ALICE)).toBe(-30n);
    });

    test('several payees, a payer who is payee too, and both assets', async () => {
      await applyAtEnd(at.ledger, [
        gift({
          id: 1,
          from: ALICE,
          to: [
            [STAR, 5n],
            [ALICE, 7n],
            [CAROL, 11n],
          ],
          seq: 1,
        }),
        gift({ id: 2, from: ALICE, to: STAR, amount: 100n, seq: 2, toAsset: 'diamond' }),
        gift({ id: 3, from: ALICE, to: STAR, amount: 1000n, seq: 1, asset: 'diamond' }),
      ]);
      expect(await accountOf(at.ledger, ALICE)).toMatchObject({ credited: 7n, debited: 123n, seq: 2 });
      expect(await accountOf(at.ledger, ALICE, 'diamond')).toMatchObject({ credited: 0n, debited: 1000n, seq: 1 });
      expect(await balance(at.ledger, STAR)).toBe(5n);
      expect(await balance(at.ledger, STAR, 'diamond')).toBe(1100n);
      expect(await balance(at.ledger, CAROL)).toBe(11n);
      expect(await at.ledger.records(ALICE, 10)).toHaveLength(4);
    });

    test('a withdrawal takes from its payer and gives to nobody', async () => {
      await at.ledger.applyOrder(sampleOrder(9, ALICE, 100n));
      await applyAtEnd(at.ledger, [gift({ id: 1, from: ALICE, to: [], amount: 40n })]);
      expect(await balance(at.ledger, ALICE)).toBe(60n);
      expect(await at.ledger.anomalies(10)).toEqual([]);
    });

    test('a hundred payees', async () => {
      const payees = Array.from({ length: 100 }, (_, index) => [5000n + BigInt(index), BigInt(index + 1)] as const);
      await applyAtEnd(at.ledger, [gift({ id: 1, from: ALICE, to: payees })]);
      expect(await balance(at.ledger, ALICE)).toBe(-5050n);
      const counters = await at.ledger.counters(payees.map(([userId]) => userId));
      expect(counters.map(({ credited }) => credited).sort((a, b) => Number(a - b))).toEqual(payees.map(([, n]) => n));
    });

    test('an empty batch and an empty slice do nothing', async () => {
      expect(await at.ledger.apply([])).toEqual({ counters: [], settled: [], applied: 0, duplicates: 0, fenced: 0 });
      expect(await applyAtEnd(at.ledger, [])).toMatchObject({ applied: 0, settled: [] });
    });

    test('what was applied is there after reopening', async () => {
      await applyAtEnd(at.ledger, [gift({ id: 1, from: ALICE, to: STAR, amount: 30n })]);
      const reopened = await at.underTest.reopen();
      expect(await reopened.positions()).toEqual([{ partition: 0, offset: 1 }]);
      expect(await applyAtEnd(reopened, [gift({ id: 1, from: ALICE, to: STAR, amount: 30n })])).toMatchObject({
        applied: 0,
        duplicates: 1,
      });
      expect(await balance(reopened, STAR)).toBe(30n);
    });
  });

  describe('keeps refusals', () => {
    const at = freshLedger(makeLedger);
    const refusal = gift({ id: 1, from: ALICE, to: STAR, amount: 30n, refused: true, balance: 7n });
    const applied = gift({ id: 1, from: ALICE, to: STAR, amount: 30n, balance: 8n });
    const key = { opUserId: ALICE, eventId: sampleId(1) };

    test('a refusal moves nothing, is settled, answers as refused and is no record', async () => {
      const result = await applyAtEnd(at.ledger, [refusal]);
      expect(result).toMatchObject({ counters: [], applied: 1, duplicates: 0, settled: [key] });
      expect(await at.ledger.decided([key])).toMatchObject([{ outcome: 'insufficient_balance', opUserBalance: 7n }]);
      expect(await at.ledger.records(ALICE, 10)).toEqual([]);
      expect(await at.ledger.records(STAR, 10)).toEqual([]);
      expect(await balance(at.ledger, STAR)).toBe(0n);
    });

    test.each([
      ['in a later batch', false],
      ['in the same batch', true],
    ])('a refusal on record stands against an applied entry %s, and the other way round', async (_, together) => {
      const batches = together ? [[refusal, applied]] : [[refusal], [applied]];
      for (const entries of batches) await applyAtEnd(at.ledger, entries);
      expect(await balance(at.ledger, STAR)).toBe(0n);
      expect(await at.ledger.decided([key])).toMatchObject([{ outcome: 'insufficient_balance' }]);

      const other = (entry: typeof refusal): typeof refusal =>
        entry.kind === 'event'
          ? eventEntry({ ...entry.decided, event: { ...entry.decided.event, eventId: sampleId(2) } })
          : entry;
      for (const entries of together ? [[other(applied), other(refusal)]] : [[other(applied)], [other(refusal)]])
        await applyAtEnd(at.ledger, entries);
      expect(await balance(at.ledger, STAR)).toBe(30n);
      expect(await at.ledger.decided([{ ...key, eventId: sampleId(2) }])).toMatchObject([{ outcome: 'applied' }]);
    });
  });

  describe('moves positions by compare-and-set', () => {
    const at = freshLedger(makeLedger);
    const slice = (partition: number, fromOffset: number, id: number) => ({
      partition,
      fromOffset,
      toOffset: fromOffset + 1,
      entries: [gift({ id, from: ALICE, to: STAR, amount: 1n, seq: id })],
      parked: [],
    });

    test('partitions never applied are absent, and stand at 0', async () => {
      expect(await at.ledger.positions()).toEqual([]);
      await at.ledger.apply([slice(3, 0, 1)]);
      expect(await at.ledger.positions()).toEqual([{ partition: 3, offset: 1 }]);
    });

    test.each([
      ['behind where it stands', [slice(0, 0, 2)], 0, 1],
      ['ahead of where it stands', [slice(0, 2, 2)], 2, 1],
      ['ahead in a new partition', [slice(1, 5, 2)], 5, 0],
      ['in the second of two slices', [slice(1, 0, 2), slice(0, 0, 3)], 0, 1],
    ])('%s: refused, and nothing is written', async (_, slices, expected, actual) => {
      await at.ledger.apply([slice(0, 0, 1)]);
      const refusal = await at.ledger.apply(slices).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(PositionConflictError);
      expect(refusal).toMatchObject({ expectedOffset: expected, actualOffset: actual });
      expect(await at.ledger.positions()).toEqual([{ partition: 0, offset: 1 }]);
      expect(await balance(at.ledger, STAR)).toBe(1n);
      expect(at.ledger.healthy()).toBe(true);
    });

    test('several partitions, and two stretches of one, in one batch', async () => {
      await at.ledger.apply([slice(2, 0, 1), slice(0, 0, 2), slice(0, 1, 3)]);
      const positions = [...(await at.ledger.positions())].sort((a, b) => a.partition - b.partition);
      expect(positions).toEqual([
        { partition: 0, offset: 2 },
        { partition: 2, offset: 1 },
      ]);
      expect(await balance(at.ledger, STAR)).toBe(3n);
    });

    test('of two owners who apply the same stretch one wins', async () => {
      const outcomes = await Promise.allSettled([at.ledger.apply([slice(0, 0, 1)]), at.ledger.apply([slice(0, 0, 1)])]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(await balance(at.ledger, STAR)).toBe(1n);
    });

    test.each([
      ['going back', { fromOffset: 1, toOffset: 0 }],
      ['no offset', { fromOffset: 1, toOffset: Number.NaN }],
      ['a fraction', { fromOffset: 1, toOffset: 1.5 }],
    ])('a stretch that is none (%s) is the caller’s mistake', async (_, offsets) => {
      await at.ledger.apply([slice(0, 0, 1)]);
      await expect(at.ledger.apply([{ ...slice(0, 0, 2), ...offsets }])).rejects.toThrow(RangeError);
      expect(await at.ledger.positions()).toEqual([{ partition: 0, offset: 1 }]);
    });
  });

  describe('keeps behind fences', () => {
    const at = freshLedger(makeLedger);
    const old = (id: number): ReturnType<typeof gift> => gift({ id, from: ALICE, to: STAR, amount: 1n, seq: id });
    const fence = fenceEntry([shardOf(ALICE)], 2);

    test.each([
      ['in one batch', true],
      ['in batches of one', false],
    ])('%s: older events behind the fence are ignored, counted and not settled', async (_, together) => {
      const young = gift({ id: 3, from: ALICE, to: STAR, amount: 100n, seq: 2, generation: 2 });
      const entries = [old(1), fence, old(2), young];
      const results: Awaited<ReturnType<typeof applyAtEnd>>[] = [];
      for (const batch of together ? [entries] : entries.map((entry) => [entry]))
        results.push(await applyAtEnd(at.ledger, batch));
      const sum = (key: 'applied' | 'fenced' | 'duplicates'): number => results.reduce((n, one) => n + one[key], 0);
      expect([sum('applied'), sum('fenced'), sum('duplicates')]).toEqual([2, 1, 0]);
      expect(results.flatMap(({ settled }) => settled.map(({ eventId }) => eventId))).toEqual([
        sampleId(1),
        sampleId(3),
      ]);
      expect(await balance(at.ledger, STAR)).toBe(101n);
      expect(await at.ledger.decided([{ opUserId: ALICE, eventId: sampleId(2) }])).toEqual([undefined]);
    });

    test('a fenced event that was decided anew counts', async () => {
      await applyAtEnd(at.ledger, [fence, old(1)]);
      const anew = gift({ id: 1, from: ALICE, to: STAR, amount: 1n, generation: 2 });
      expect(await applyAtEnd(at.ledger, [anew])).toMatchObject({ applied: 1, fenced: 0 });
      expect(await balance(at.ledger, STAR)).toBe(1n);
    });

    test('fences stand after reopening, and never sink', async () => {
      await applyAtEnd(at.ledger, [fence, fenceEntry([shardOf(ALICE)], 1)]);
      const reopened = await at.underTest.reopen();
      expect(await applyAtEnd(reopened, [old(1)])).toMatchObject({ applied: 0, fenced: 1 });
    });

    test('a fence of a batch that was rolled back does not stand', async () => {
      const poison = gift({ id: 9, from: ALICE, to: STAR, amount: 1n, event: { objId: 'x'.repeat(65) } });
      await expect(applyAtEnd(at.ledger, [fence, poison])).rejects.toThrow(LedgerRejectError);
      expect(await applyAtEnd(at.ledger, [old(1)])).toMatchObject({ applied: 1, fenced: 0 });
    });

    test('other shards go on', async () => {
      const others = CONTRACT_SHARDS.allShards().filter((shard) => shard !== shardOf(ALICE));
      await applyAtEnd(at.ledger, [fenceEntry(others, 9)]);
      expect(await applyAtEnd(at.ledger, [old(1)])).toMatchObject({ applied: 1, fenced: 0 });
    });

    test('a fence counts for shards of its own partition only: elsewhere nobody knows what stands before it', async () => {
      await applyAtEnd(at.ledger, [fenceEntry(CONTRACT_SHARDS.allShards(), 2)], { partition: 1 });
      expect(await applyAtEnd(at.ledger, [old(1)], { partition: 0 })).toMatchObject({ applied: 1, fenced: 0 });
      const fromCarol = gift({ id: 2, from: CAROL, to: STAR, amount: 1n });
      expect(await applyAtEnd(at.ledger, [fromCarol], { partition: 1 })).toMatchObject({ applied: 0, fenced: 1 });
    });
  });

  describe('gives generations', () => {
    const at = freshLedger(makeLedger);

    test('each above all before it, for the shards it names', async () => {
      const first = await at.ledger.raiseGeneration([0, 1]);
      expect(first).toBeGreaterThan(0);
      const second = await at.ledger.raiseGeneration([1, 2]);
      expect(second).toBeGreaterThan(first);
      expect(await at.ledger.raiseGeneration([0])).toBeGreaterThan(first);
      expect(await at.ledger.raiseGeneration([2])).toBeGreaterThan(second);
    });

    test('above fences that were applied', async () => {
      await applyAtEnd(at.ledger, [fenceEntry([shardOf(ALICE)], 41)]);
      expect(await at.ledger.raiseGeneration([shardOf(ALICE)])).toBeGreaterThan(41);
    });

    test('after reopening, too', async () => {
      await applyAtEnd(at.ledger, [fenceEntry([shardOf(ALICE)], 41)]);
      const given = await at.ledger.raiseGeneration([5]);
      const reopened = await at.underTest.reopen();
      expect(await reopened.raiseGeneration([5])).toBeGreaterThan(given);
      expect(await reopened.raiseGeneration([shardOf(ALICE)])).toBeGreaterThan(41);
    });

    test('calls at the same time get different ones', async () => {
      const given = await Promise.all(Array.from({ length: 5 }, () => at.ledger.raiseGeneration([3])));
      expect(new Set(given).size).toBe(5);
    });

    test.each([[[]], [[16]], [[-1]], [[0.5]]])('shards %j are refused', async (shards: number[]) => {
      await expect(at.ledger.raiseGeneration(shards)).rejects.toThrow(RangeError);
    });
  });

  describe('refuses poison as a whole', () => {
    const at = freshLedger(makeLedger);
    const of = (event: Partial<DecidedEvent['event']>, decided: Partial<DecidedEvent> = {}): DecidedEvent =>
      sampleDecided({ id: 2, from: ALICE, to: STAR, amount: 5n, event, decided });
    const id = sampleId(2);
    const leg = (userId: bigint, incr: bigint) => ({ userId, assetType: 'coin' as const, incr });

    test.each<[string, DecidedEvent]>([
      ['an id in upper case', of({ eventId: id.toUpperCase() })],
      ['an id that is too long', of({ eventId: `${id}0` })],
      ['an id with a space behind it', of({ eventId: `${id} ` })],
      ['an id that is no UUIDv7', of({ eventId: id.replace('-7', '-4') })],
      ['an empty id', of({ eventId: '' })],
      ['a text that is too long', of({ objId: 'x'.repeat(65) })],
      ['a text that is not ASCII', of({ objId: 'ü' })],
      ['a text with a NUL in it', of({ objId: 'a\0b' })],
      ['user 0', of({ opUserId: 0n, opUserChange: leg(0n, -5n) })],
      ['a user beyond int64', of({ opUserId: 1n << 63n, opUserChange: leg(1n << 63n, -5n) })],
      ['a payee beyond int64', of({ toUserChanges: [leg(1n << 63n, 5n)] })],
      ['a negative biz id', of({ bizId: -1n })],
      ['a payer who is not the op user', of({ opUserChange: leg(BOB, -5n) })],
      ['a payer who gets', of({ opUserChange: leg(ALICE, 5n) })],
      ['more paid than got', of({ toUserChanges: [leg(STAR, 4n)] })],
      ['more got than paid', of({ toUserChanges: [leg(STAR, 6n)] })],
      ['a payee who pays', of({ toUserChanges: [leg(STAR, 6n), leg(CAROL, -1n)] })],
      ['a payee twice', of({ toUserChanges: [leg(STAR, 2n), leg(STAR, 3n)] })],
      ['a gift to nobody', of({ toUserChanges: [] })],
      ['2^53 at once', of({ opUserChange: leg(ALICE, -AMOUNT_MAX - 1n), toUserChanges: [leg(STAR, AMOUNT_MAX + 1n)] })],
      ['an order as an event', of({ eventType: 'order_wx' })],
      ['a reversal as an event', of({ eventType: 'reversal' })],
      ['an unknown type', of({ eventType: 'interest' as 'withdrawal' })],
      ['an unknown business', of({ bizType: 'lottery' as 'live' })],
      ['an unknown asset', of({ toUserChanges: [{ ...leg(STAR, 5n), assetType: 'gold' as 'coin' }] })],
      ['half a gift', of({ quantity: 0.5 })],
      ['an applied event without a number', of({}, { seq: 0 })],
      ['half a number', of({}, { seq: 1.5 })],
      ['a refusal with a number', of({}, { outcome: 'insufficient_balance', seq: 3 })],
      ['an unknown outcome', of({}, { outcome: 'maybe' as 'applied' })],
      ['a negative generation', of({}, { generation: -1 })],
      ['a balance beyond 2^53', of({}, { opUserBalance: AMOUNT_MAX + 1n })],
      ['a fingerprint beyond 64 bits', of({}, { fingerprint: 1n << 64n })],
      ['a time that is none', of({}, { decidedAtMs: Number.NaN })],
    ])('%s', async (_, decided) => {
      const good = gift({ id: 1, from: ALICE, to: STAR, amount: 1n });
      const parked = [{ offset: 0, reason: 'unreadable', payload: Uint8Array.of(1) }];
      const slice = await sliceAtEnd(at.ledger, [good, eventEntry(decided)], 0, parked);
      await expect(at.ledger.apply([slice])).rejects.toThrow(LedgerRejectError);
      expect(await at.ledger.positions()).toEqual([]);
      expect(await at.ledger.deadLetters(10)).toEqual([]);
      expect(await at.ledger.counters([ALICE, STAR, CAROL, BOB])).toEqual([]);
      expect(await at.ledger.records(ALICE, 10)).toEqual([]);
      expect(at.ledger.healthy()).toBe(true);
      expect(await applyAtEnd(at.ledger, [good])).toMatchObject({ applied: 1 });
    });

    test.each([
      ['of an unknown shard', fenceEntry([16], 1)],
      ['of no shard number', fenceEntry([0.5], 1)],
      ['of a negative generation', fenceEntry([0], -1)],
    ])('a fence %s', async (_, fence) => {
      await expect(applyAtEnd(at.ledger, [fence])).rejects.toThrow(LedgerRejectError);
      expect(await at.ledger.positions()).toEqual([]);
    });

    test('a counter above 2^53 - 1, on either side, in one batch or over several', async () => {
      const most = AMOUNT_MAX;
      await applyAtEnd(at.ledger, [gift({ id: 1, from: ALICE, to: STAR, amount: most, balance: 0n })]);
      expect(await accountOf(at.ledger, STAR)).toMatchObject({ credited: most });
      expect(await accountOf(at.ledger, ALICE)).toMatchObject({ debited: most });
      for (const entries of [
        [gift({ id: 2, from: BOB, to: STAR, amount: 1n })],
        [gift({ id: 3, from: ALICE, to: CAROL, amount: 1n, seq: 2 })],
        [
          gift({ id: 4, from: BOB, to: CAROL, amount: most }),
          gift({ id: 5, from: BOB, to: CAROL, amount: 1n, seq: 2 }),
        ],
      ])
        await expect(applyAtEnd(at.ledger, entries)).rejects.toThrow(LedgerRejectError);
      expect(await at.ledger.positions()).toEqual([{ partition: 0, offset: 1 }]);
      expect(await at.ledger.counters([BOB, CAROL])).toEqual([]);
      expect(await accountOf(at.ledger, STAR)).toMatchObject({ credited: most });
    });

    test('ids and texts at their limits are kept whole', async () => {
      const largest = 2n ** 63n - 1n;
      const text = '~'.repeat(64);
      const decided = sampleDecided({
        id: 'ffffffff-ffff-7fff-bfff-ffffffffffff',
        from: largest,
        to: largest - 1n,
        amount: AMOUNT_MAX,
        balance: -AMOUNT_MAX,
        seq: Number.MAX_SAFE_INTEGER,
        generation: Number.MAX_SAFE_INTEGER,
        event: { objId: text, bizId: largest, quantity: Number.MAX_SAFE_INTEGER },
        decided: { fingerprint: 2n ** 64n - 1n },
      });
      await applyAtEnd(at.ledger, [eventEntry(decided)]);
      const key = { opUserId: largest, eventId: decided.event.eventId };
      expect(await at.ledger.decided([key])).toEqual([
        {
          eventId: key.eventId,
          outcome: 'applied',
          opUserBalance: -AMOUNT_MAX,
          fingerprint: 2n ** 64n - 1n,
        },
      ]);
      expect(await at.ledger.records(largest, 1)).toMatchObject([
        {
          objId: text,
          bizId: largest,
          quantity: Number.MAX_SAFE_INTEGER,
          incr: -AMOUNT_MAX,
          balanceAfter: -AMOUNT_MAX,
        },
      ]);
      expect(await accountOf(at.ledger, largest)).toMatchObject({ debited: AMOUNT_MAX, seq: Number.MAX_SAFE_INTEGER });
    });
  });

  describe('writes down what must not happen', () => {
    const at = freshLedger(makeLedger);

    test('a debit that takes the balance below zero is applied and noted', async () => {
      at.clock.advance(5);
      await at.ledger.applyOrder(sampleOrder(9, ALICE, 10n));
      await applyAtEnd(at.ledger, [gift({ id: 1, from: ALICE, to: STAR, amount: 10n, seq: 1 })]);
      expect(await at.ledger.anomalies(10)).toEqual([]);
      await applyAtEnd(at.ledger, [gift({ id: 2, from: ALICE, to: STAR, amount: 3n, seq: 2 })]);
      expect(await balance(at.ledger, ALICE)).toBe(-3n);
      expect(await balance(at.ledger, STAR)).toBe(13n);
      const anomalies = await at.ledger.anomalies(10);
      expect(anomalies).toMatchObject([
        { kind: 'negative_balance', userId: ALICE, assetType: 'coin', eventId: sampleId(2) },
      ]);
      expect(anomalies[0]?.noticedAtMs).toBe(at.clock.nowMs());
    });

    test('a debit that meets a reversal on its way is a debt, not an error', async () => {
      await at.ledger.applyOrder(sampleOrder(9, BOB, 10n));
      await applyAtEnd(at.ledger, [gift({ id: 1, from: BOB, to: STAR, amount: 10n, seq: 1 })]);
      await at.ledger.reverse({ eventId: sampleId(2), originalEventId: sampleId(1), opUserId: BOB, amount: 0n });
      await applyAtEnd(at.ledger, [gift({ id: 3, from: STAR, to: CAROL, amount: 4n, seq: 1 })]);
      expect(await balance(at.ledger, STAR)).toBe(-4n);
      expect(await at.ledger.anomalies(10)).toMatchObject([{ kind: 'spent_after_reversal', userId: STAR }]);
    });

    test.each([
      ['in one batch', true],
      ['over batches', false],
    ])('two debits with the same number %s both count, and are noted', async (_, together) => {
      await at.ledger.applyOrder(sampleOrder(9, ALICE, 100n));
      const entries = [1, 2].map((id) => gift({ id, from: ALICE, to: STAR, amount: 1n, seq: 1 }));
      for (const batch of together ? [entries] : entries.map((entry) => [entry])) await applyAtEnd(at.ledger, batch);
      expect(await balance(at.ledger, ALICE)).toBe(98n);
      expect(await at.ledger.anomalies(10)).toMatchObject([
        { kind: 'duplicate_seq', userId: ALICE, eventId: sampleId(2) },
      ]);
      await applyAtEnd(at.ledger, [gift({ id: 3, from: ALICE, to: STAR, amount: 1n, seq: 1 })]);
      expect(await at.ledger.anomalies(10)).toHaveLength(2);
      expect(await at.ledger.anomalies(1)).toHaveLength(1);
    });

    test('numbers in another order are no anomaly', async () => {
      await at.ledger.applyOrder(sampleOrder(9, ALICE, 100n));
      for (const seq of [3, 1, 2])
        await applyAtEnd(at.ledger, [gift({ id: seq, from: ALICE, to: STAR, amount: 1n, seq })]);
      expect(await at.ledger.anomalies(10)).toEqual([]);
      expect(await accountOf(at.ledger, ALICE)).toMatchObject({ seq: 3 });
    });
  });

  describe('parks what it can’t read', () => {
    const at = freshLedger(makeLedger);
    const parked = [
      { offset: 0, reason: 'no such type', payload: Uint8Array.of(0, 255, 7) },
      { offset: 2, reason: 'cut off', payload: new Uint8Array(0) },
    ];

    test('together with the position, in the same transaction', async () => {
      const slice = {
        partition: 2,
        fromOffset: 0,
        toOffset: 3,
        entries: [gift({ id: 1, from: ALICE, to: STAR, amount: 1n })],
        parked,
      };
      await at.ledger.apply([slice]);
      await expect(at.ledger.apply([slice])).rejects.toThrow(PositionConflictError);
      const letters = await at.ledger.deadLetters(10);
      expect(letters.map(({ partition, offset, reason }) => ({ partition, offset, reason }))).toEqual([
        { partition: 2, offset: 0, reason: 'no such type' },
        { partition: 2, offset: 2, reason: 'cut off' },
      ]);
      expect(letters.map(({ payload }) => [...payload])).toEqual([[0, 255, 7], []]);
      expect(letters[0]?.parkedAtMs).toBe(at.clock.nowMs());
      expect(await at.ledger.positions()).toEqual([{ partition: 2, offset: 3 }]);
    });

    test('and drops it when told to, once', async () => {
      await applyAtEnd(at.ledger, [], { parked });
      const [first, second] = await at.ledger.deadLetters(10);
      expect(await at.ledger.dropDeadLetter(first?.id ?? -1)).toBe(true);
      expect(await at.ledger.dropDeadLetter(first?.id ?? -1)).toBe(false);
      expect(await at.ledger.deadLetters(10)).toEqual([second]);
      await at.ledger.dropDeadLetter(second?.id ?? -1);
      await applyAtEnd(at.ledger, [], { parked: [{ offset: 2, reason: 'again', payload: Uint8Array.of(1) }] });
      const [third] = await at.ledger.deadLetters(1);
      expect([first?.id, second?.id]).not.toContain(third?.id);
    });
  });
}

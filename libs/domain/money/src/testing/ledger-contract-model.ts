import fc from 'fast-check';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { balanceOf } from '../assets';
import type { DecidedEvent } from '../decision';
import {
  OrderConflictError,
  PositionConflictError,
  ReversalError,
  type AssetRecord,
  type Ledger,
} from '../ports/ledger';
import type { MakeLedger } from './ledger-contract';
import { CONTRACT_SHARDS } from './ledger-contract-harness';
import { MODEL_USERS, NaiveBooks, type ModelEntry } from './ledger-naive-books';
import { eventEntry, fenceEntry, sampleId, sampleOrder, SAMPLE_START_MS } from './ledger-samples';

/** Runs of the model against each ledger; a run is one fresh ledger and up to 25 calls. */
export const MODEL_RUNS = 60;

type Step =
  | {
      readonly kind: 'apply';
      readonly slices: readonly { readonly partition: number; readonly picks: readonly ModelEntry[] }[];
    }
  | { readonly kind: 'stale'; readonly partition: number; readonly off: number }
  | { readonly kind: 'order'; readonly n: number; readonly user: number; readonly amount: number }
  | { readonly kind: 'reverse'; readonly n: number; readonly of: number; readonly amount: number }
  | { readonly kind: 'reopen' };

const pick: fc.Arbitrary<ModelEntry> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant('event' as const),
      id: fc.integer({ min: 1, max: 12 }),
      from: fc.nat(MODEL_USERS.length - 1),
      to: fc.uniqueArray(fc.nat(MODEL_USERS.length - 1), { maxLength: 3 }),
      amount: fc.integer({ min: 1, max: 50 }),
      refused: fc.boolean(),
      diamond: fc.boolean(),
      generation: fc.integer({ min: 0, max: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('fence' as const),
      partition: fc.nat(3),
      generation: fc.integer({ min: 0, max: 2 }),
    }),
  },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('apply' as const),
      slices: fc.array(fc.record({ partition: fc.nat(3), picks: fc.array(pick, { maxLength: 6 }) }), { maxLength: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('stale' as const), partition: fc.nat(3), off: fc.constantFrom(-1, 1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('order' as const),
      n: fc.integer({ min: 100, max: 104 }),
      user: fc.nat(MODEL_USERS.length - 1),
      amount: fc.constantFrom(5, 70),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('reverse' as const),
      n: fc.integer({ min: 200, max: 204 }),
      of: fc.nat(30),
      amount: fc.constantFrom(0, 1, 20),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
);

/** Random calls against a naive oracle: counters, records, answers and conservation after each of them. */
export function ledgerModelContract(makeLedger: MakeLedger): void {
  test('agrees with a naive replay of everything that was accepted', async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const underTest = await makeLedger({ clock: new SimulatedClock(SAMPLE_START_MS), shards: CONTRACT_SHARDS });
      try {
        let { ledger } = underTest;
        const books = new NaiveBooks();
        for (const one of steps) {
          if (one.kind === 'reopen') ledger = await underTest.reopen();
          else await perform(ledger, books, one);
        }
        await compare(ledger, books);
      } finally {
        await underTest.dispose();
      }
    });
    // On failure fast-check prints seed and path; given here beside numRuns they replay it.
    await fc.assert(property, { numRuns: MODEL_RUNS });
  }, 120_000);
}

async function perform(ledger: Ledger, books: NaiveBooks, one: Exclude<Step, { kind: 'reopen' }>): Promise<void> {
  switch (one.kind) {
    case 'apply':
      return performApply(ledger, books, one.slices);
    case 'stale': {
      const fromOffset = Math.max(0, (books.offsets[one.partition] as number) + one.off);
      if (fromOffset === books.offsets[one.partition]) return;
      const slice = { partition: one.partition, fromOffset, toOffset: fromOffset + 1, entries: [], parked: [] };
      await expect(ledger.apply([slice])).rejects.toThrow(PositionConflictError);
      return;
    }
    case 'order': {
      const user = MODEL_USERS[one.user] as bigint;
      const amount = BigInt(one.amount);
      const known = books.orders.get(one.n);
      const call = ledger.applyOrder(sampleOrder(one.n, user, amount));
      if (known !== undefined && (known.user !== user || known.amount !== amount)) {
        await expect(call).rejects.toThrow(OrderConflictError);
        return;
      }
      expect((await call).duplicate).toBe(known !== undefined);
      books.orders.set(one.n, { user, amount });
      return;
    }
    case 'reverse':
      return performReverse(ledger, books, one);
  }
}

async function performApply(
  ledger: Ledger,
  books: NaiveBooks,
  wanted: readonly { readonly partition: number; readonly picks: readonly ModelEntry[] }[],
): Promise<void> {
  const counts = { applied: 0, duplicates: 0, fenced: 0 };
  const settled = new Set<string>();
  const slices = wanted.map(({ partition, picks }) => {
    const fromOffset = books.offsets[partition] as number;
    const entries = picks.map((one) =>
      one.kind === 'event'
        ? eventEntry(books.decidedOf(one))
        : fenceEntry(CONTRACT_SHARDS.shardsOf(one.partition), one.generation),
    );
    for (const entry of entries) {
      const fate = books.take(entry, partition);
      if (fate === 'applied') counts.applied += 1;
      if (fate === 'duplicate') counts.duplicates += 1;
      if (fate === 'fenced') counts.fenced += 1;
      if (entry.kind === 'event' && fate !== 'fenced')
        settled.add(`${entry.decided.event.opUserId}/${entry.decided.event.eventId}`);
    }
    return { partition, fromOffset, toOffset: fromOffset + entries.length, entries, parked: [] };
  });
  const result = await ledger.apply(slices);
  expect(result).toMatchObject(counts);
  expect(result.settled.map(({ opUserId, eventId }) => `${opUserId}/${eventId}`).sort()).toEqual([...settled].sort());
  for (const touched of result.counters) expect(await ledger.counters([touched.userId])).toContainEqual(touched);
}

async function performReverse(
  ledger: Ledger,
  books: NaiveBooks,
  one: Extract<Step, { kind: 'reverse' }>,
): Promise<void> {
  const keys = [...books.accepted.keys()];
  const key = keys[one.of % Math.max(1, keys.length)];
  if (key === undefined) return;
  const { event, outcome } = books.accepted.get(key) as DecidedEvent;
  const eventId = sampleId(one.n);
  const paid = -event.opUserChange.incr;
  const amount = one.amount === 0 ? paid : BigInt(one.amount);
  const before = books.reversed.get(key);
  const taken = [...books.reversed].some(
    ([other, { by }]) => by === eventId && other !== key && other.startsWith(`${event.opUserId}/`),
  );
  const call = ledger.reverse({
    eventId,
    originalEventId: event.eventId,
    opUserId: event.opUserId,
    amount: BigInt(one.amount),
  });
  const repeated = before !== undefined && before.by === eventId && before.amount === amount;
  const allowed = outcome === 'applied' && amount <= paid && !taken && before === undefined;
  if (!repeated && !allowed) {
    await expect(call).rejects.toThrow(ReversalError);
    return;
  }
  expect(await call).toMatchObject({ reversed: amount, duplicate: repeated });
  books.reversed.set(key, { by: eventId, amount });
}

async function compare(ledger: Ledger, books: NaiveBooks): Promise<void> {
  const counters = await ledger.counters(MODEL_USERS);
  const expected = books.replay();
  const actual = new Map(counters.map((one) => [`${one.userId}/${one.assetType}`, one]));
  for (const [key, { credited, debited }] of expected) expect(actual.get(key)).toMatchObject({ credited, debited });
  expect(actual.size).toBe(expected.size);

  // Conservation: what is in the accounts is what came in from outside and has not gone out again.
  let fromOutside = 0n;
  for (const { amount } of books.orders.values()) fromOutside += amount;
  let reversedGifts = 0n;
  for (const [key, { event, outcome }] of books.accepted) {
    const back = books.reversed.get(key)?.amount ?? 0n;
    if (outcome === 'applied' && event.toUserChanges.length === 0) fromOutside += event.opUserChange.incr + back;
    else reversedGifts += back;
  }
  expect(counters.reduce((sum, one) => sum + balanceOf(one), 0n)).toBe(fromOutside);
  expect(counters.reduce((sum, one) => sum + one.reversed, 0n)).toBe(reversedGifts);

  // Counters are the sum over records, on each account.
  const sums = new Map<string, { in: bigint; out: bigint; back: bigint }>();
  for (const userId of MODEL_USERS) {
    for (const record of await ledger.records(userId, 10_000)) addRecord(sums, record);
  }
  for (const [key, one] of actual)
    expect(sums.get(key)).toEqual({ in: one.credited, out: one.debited, back: one.reversed });
  expect(sums.size).toBe(actual.size);

  const keys = [...books.accepted.values()].map(({ event }) => ({ opUserId: event.opUserId, eventId: event.eventId }));
  const outcomes = (await ledger.decided(keys)).map((marker) => marker?.outcome);
  expect(outcomes).toEqual([...books.accepted.values()].map(({ outcome }) => outcome));
}

function addRecord(sums: Map<string, { in: bigint; out: bigint; back: bigint }>, record: AssetRecord): void {
  const key = `${record.userId}/${record.assetType}`;
  const sum = sums.get(key) ?? { in: 0n, out: 0n, back: 0n };
  sums.set(key, sum);
  if (record.role === 'payee') sum.in += record.incr;
  else if (record.eventType === 'reversal') sum.back -= record.incr;
  else sum.out -= record.incr;
}

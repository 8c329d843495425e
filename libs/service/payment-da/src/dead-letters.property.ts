import fc from 'fast-check';
import type { Counters, LogEntry } from '@giftmesh/domain-money';
import { fenceEntry, type MemoryLedger } from '@giftmesh/domain-money/testing';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { DEFAULT_DEAD_LETTER_RETRIER_OPTIONS, DeadLetterRetrier } from './dead-letter-retrier';
import { ParkedEvents } from './parked-events';
import { replayLetter } from './replay-letter';
import { gift, PAYERS, poison, setUp, SHARDS, STAR } from './settler-test-kit';

/** What stands in the log: gifts, the same ones again, and fences. Few numbers, so that events repeat. */
const entry = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('gift' as const),
      number: fc.integer({ min: 1, max: 12 }),
      generation: fc.integer({ min: 0, max: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('fence' as const),
      shard: fc.constantFrom(0, 1),
      generation: fc.integer({ min: 1, max: 3 }),
    }),
  },
);
type LogPick = typeof entry extends fc.Arbitrary<infer T> ? T : never;

/** What happens to the dead letters afterwards: a replay of one of them, a look of a DA, or a replay that is sent twice. */
const step = fc.oneof(
  fc.record({ kind: fc.constantFrom('replay', 'twice'), pick: fc.nat(30) }),
  fc.record({ kind: fc.constant('look'), pick: fc.constant(0) }),
);

function entriesOf(picks: readonly LogPick[], unreadable: ReadonlySet<number>): LogEntry[] {
  return picks.map((pick) => {
    if (pick.kind === 'fence') return fenceEntry([pick.shard], pick.generation);
    const made = gift(pick.number, {
      from: PAYERS[pick.number % 2] as bigint,
      isUnreadable: unreadable.has(pick.number),
    });
    if (made.kind === 'fence') return made;
    return { ...made, decided: { ...made.decided, generation: pick.generation } };
  });
}

/** Accounts, and which events are on record with which legs: all that is about money. */
function moneyOf(ledger: MemoryLedger): unknown {
  const { accounts, records, decided } = ledger.snapshot();
  return {
    accounts: accounts.map((one) => ({ ...one })).sort((a, b) => (a.userId < b.userId ? -1 : 1)),
    legs: records.map(({ eventId, userId, role, incr }) => `${eventId} ${userId} ${role} ${incr}`).sort(),
    events: decided.map(({ event }) => `${event.eventId} ${event.opUserId}`).sort(),
  };
}

const debitsOf = (accounts: readonly Counters[]): unknown =>
  accounts
    .filter(({ userId }) => userId !== STAR)
    .map(({ userId, debited, seq }) => [userId, debited, seq])
    .sort();

/** Settles a log whose records of these numbers the ledger rejects, or whose bytes nobody can read. */
async function settled(
  picks: readonly LogPick[],
  recordsMax: number,
  wrong: { readonly rejected: readonly number[]; readonly unreadable: readonly number[] },
) {
  const run = setUp({ recordsMax });
  run.ledger.trouble = poison(...wrong.rejected);
  const partitioned = entriesOf(picks, new Set(wrong.unreadable));
  // Fences stand in the partition of their shard.
  for (const one of partitioned)
    await run.log.append([
      {
        partition:
          one.kind === 'event'
            ? SHARDS.partitionOf(one.decided.event.opUserId)
            : SHARDS.partitionOfShard(one.fence.shards[0] ?? 0),
        value: one,
      },
    ]);
  run.settler.start();
  await run.untilRest();
  await run.settler.close();
  return run;
}

describe('dead letters', () => {
  it('once all are replayed, in any order and however often, all money is where it were without the poison', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 25 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 5 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 3 }),
        fc.array(step, { maxLength: 12 }),
        fc.integer({ min: 1, max: 9 }),
        async (picks, rejected, unreadable, steps, recordsMax) => {
          // What nobody could read has another object than it would have otherwise; money does not look at it.
          const clean = await settled(picks, recordsMax, { rejected: [], unreadable: [] });
          const { clock, ledger } = await settled(picks, recordsMax, { rejected, unreadable });
          const isWrong = (number: number): boolean => rejected.includes(number) || unreadable.includes(number);
          // An event that stands in the log again is kept once.
          const parked = picks.flatMap((one) =>
            one.kind === 'gift' && isWrong(one.number) ? [`${one.number}/${one.generation}`] : [],
          );
          expect(await ledger.deadLetters(100)).toHaveLength(new Set(parked).size);
          if (unreadable.length === 0) {
            // Before any replay, a store that is loaded anew knows all that was paid.
            const view = new ParkedEvents({ ledger, codec: moneyLogCodec, shards: SHARDS });
            const users = await view.load(PAYERS, 0, 100);
            expect(debitsOf(users.flatMap(({ accounts }) => accounts))).toEqual(
              debitsOf(await clean.ledger.counters(PAYERS)),
            );
          }
          const notices = { publish: async () => undefined, subscribe: () => async () => undefined };
          const retrier = new DeadLetterRetrier(
            { clock, codec: moneyLogCodec, ledger, notices, shards: SHARDS },
            { ...DEFAULT_DEAD_LETTER_RETRIER_OPTIONS, triesPerLookMax: 2 },
          );
          const at = await ledger.positions();
          for (const { kind, pick } of steps) {
            const letters = await ledger.deadLetters(100);
            const letter = letters[pick % Math.max(1, letters.length)];
            if (kind === 'look') await retrier.look();
            else if (letter !== undefined)
              await Promise.all(
                (kind === 'twice' ? [1, 2] : [1]).map(() => replayLetter(ledger, moneyLogCodec, letter)),
              );
          }
          for (const letter of await ledger.deadLetters(100)) await replayLetter(ledger, moneyLogCodec, letter);

          expect(await ledger.deadLetters(100)).toEqual([]);
          expect(moneyOf(ledger)).toEqual(moneyOf(clean.ledger));
          expect(await ledger.positions()).toEqual(at);
        },
      ),
      { numRuns: 150 },
    );
  });
});

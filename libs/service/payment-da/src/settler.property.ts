import fc from 'fast-check';
import type { LogEntry } from '@giftmesh/domain-money';
import { gift, numberOf, PAYERS, poison, setUp, SHARDS } from './settler-test-kit';

/** What is wrong with each record, in the order of the log, and who pays. */
const record = fc.record({
  kind: fc.constantFrom('good', 'good', 'good', 'poison', 'unreadable'),
  from: fc.constantFrom(...PAYERS),
});

describe('Settler', () => {
  it('parks exactly what can’t be applied and applies all else once, in order, however often the ledger is away', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 40 }),
        fc.integer({ min: 1, max: 16 }),
        fc.array(fc.boolean(), { maxLength: 10 }),
        async (records, recordsMax, away) => {
          const { append, applied, ledger, settler, untilRest } = setUp({ recordsMax });
          const entries = records.map(({ kind, from }, index): LogEntry =>
            gift(index + 1, { from, isUnreadable: kind === 'unreadable' }),
          );
          const numbersOf = (kind: string): number[] =>
            records.flatMap((each, index) => (each.kind === kind ? [index + 1] : []));
          const rejects = poison(...numbersOf('poison'));
          const outages = [...away];
          ledger.trouble = (slices) => (outages.shift() === true ? new Error('away') : rejects(slices));
          await append(...entries);
          settler.start();
          await untilRest();

          const partitionOf = (entry: LogEntry): number =>
            entry.kind === 'event' ? SHARDS.partitionOf(entry.decided.event.opUserId) : 0;
          const inOrder = (partition: number): number[] =>
            applied().filter((number) => partitionOf(entries[number - 1] as LogEntry) === partition);
          for (const partition of [0, 1])
            expect(inOrder(partition)).toEqual(
              numbersOf('good').filter((number) => partitionOf(entries[number - 1] as LogEntry) === partition),
            );
          const letters = await ledger.deadLetters(100);
          const places = letters.map(({ partition, offset }) => `${partition}/${offset}`).sort();
          const ends = [0, 0];
          const expected = entries.flatMap((entry) => {
            const partition = partitionOf(entry);
            const place = `${partition}/${ends[partition]}`;
            ends[partition] = (ends[partition] ?? 0) + 1;
            return records[numberOf(entry) - 1]?.kind === 'good' ? [] : [place];
          });
          expect(places).toEqual(expected.sort());
          const positions = new Map((await ledger.positions()).map(({ partition, offset }) => [partition, offset]));
          expect([positions.get(0) ?? 0, positions.get(1) ?? 0]).toEqual(ends);
          expect(settler.stats).toMatchObject({
            applied: numbersOf('good').length,
            parked: letters.length,
            duplicates: 0,
          });
          expect(settler.failure).toBeUndefined();
          await settler.close();
        },
      ),
      { numRuns: 200 },
    );
  });
});

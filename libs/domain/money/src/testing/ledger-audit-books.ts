import type { LogEntry } from '../decision';
import type { Ledger } from '../ports/ledger';
import { applyAtEnd, eventEntry, sampleDecided, sampleId, sampleOrder, type SampleEvent } from './ledger-samples';

/** Users of the {@link fillBooks | books}: the first two pay, the others get. */
export const [ALICE, BOB, STAR, MOON] = [11n, 12n, 21n, 22n] as const;

/** Ids of events in the books: a gift to one. */
export const GIFT = sampleId(10);
/** A gift to several, the payer among them. */
export const SHARED = sampleId(11);
/** Pays nobody. */
export const WITHDRAWAL = sampleId(12);
/** A gift that its payer could not pay. */
export const REFUSED = sampleId(13);
/** Gives back a part of {@link SHARED}. */
export const REVERSAL = sampleId(50);

/** The log's entry of an applied gift, or of what else the sample says. */
export const giftEntry = (sample: SampleEvent): LogEntry => eventEntry(sampleDecided(sample));

/** Writes something of everything into an empty ledger, and nothing wrong. */
export async function fillBooks(ledger: Ledger): Promise<void> {
  await ledger.applyOrder(sampleOrder(1, ALICE, 1000n));
  await ledger.applyOrder(sampleOrder(2, BOB, 500n));
  await applyAtEnd(ledger, [
    giftEntry({ id: GIFT, from: ALICE, to: STAR, amount: 100n, seq: 1, toAsset: 'diamond' }),
    giftEntry({
      id: SHARED,
      from: ALICE,
      to: [
        [STAR, 30n],
        [MOON, 20n],
        [ALICE, 1n],
      ],
      seq: 2,
    }),
    giftEntry({ id: WITHDRAWAL, from: STAR, to: [], amount: 7n, seq: 1 }),
    giftEntry({ id: REFUSED, from: BOB, to: STAR, amount: 10_000n, refused: true }),
    giftEntry({ id: sampleId(14), from: BOB, to: STAR, amount: 5n, seq: 1 }),
    giftEntry({ id: sampleId(15), from: STAR, to: [], amount: 3n, seq: 2 }),
    // Under the id of her own order: each stands for itself.
    giftEntry({ id: 1, from: ALICE, to: STAR, amount: 2n, seq: 3 }),
  ]);
  await ledger.reverse({ eventId: REVERSAL, originalEventId: SHARED, opUserId: ALICE, amount: 17n });
  await ledger.reverse({ eventId: sampleId(51), originalEventId: sampleId(15), opUserId: STAR, amount: 0n });
}

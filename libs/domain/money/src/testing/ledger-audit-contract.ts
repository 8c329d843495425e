import type { LedgerAuditOptions, LedgerAuditProgress, LedgerAuditReport } from '../ledger-audit-report';
import type { Ledger } from '../ports/ledger';
import { ALICE, BOB, fillBooks, giftEntry, STAR } from './ledger-audit-books';
import { LEDGER_DAMAGES, type DamageValue } from './ledger-audit-damages';
import { applyAtEnd, sampleDecided, sampleId, sampleOrder } from './ledger-samples';

/** A place for ledgers, one after another, and how the one that is there is audited. */
export interface AuditedLedgers {
  /** Opens a ledger with nothing in it. Closes what it returned before. */
  empty(): Promise<Ledger>;
  /** Puts the books of {@link fillBooks} in its place. */
  whole(): Promise<void>;
  /** Runs SQL against what is there, with a `?` for each value; returns how many rows it has changed. */
  damage(sql: string, values: readonly DamageValue[]): Promise<number>;
  /** Audits what is there. */
  audit(options?: LedgerAuditOptions): Promise<LedgerAuditReport>;
  /** Closes and removes everything. */
  dispose(): Promise<void>;
}

/**
 * What the audit of every ledger on SQL must find, and what it must not. Call it at the top of a spec file of the adapter; it needs
 * jest's globals.
 */
export function ledgerAuditContract(name: string, makeLedgers: () => Promise<AuditedLedgers>): void {
  describe(`the audit of ${name}`, () => {
    let ledgers: AuditedLedgers;
    beforeAll(async () => {
      ledgers = await makeLedgers();
    }, 60_000);
    afterAll(() => ledgers.dispose());

    test('finds nothing in whole books, and adds them up', async () => {
      await fillBooks(await ledgers.empty());
      const progress: LedgerAuditProgress[] = [];
      const report = await ledgers.audit({ onProgress: (one) => progress.push(one) });
      expect(report.differences).toEqual([]);
      expect(report).toMatchObject({ accounts: 5, events: 11, records: 19, differenceCount: 0 });
      expect(report.totals).toEqual({
        balances: 1493n,
        recharged: 1500n,
        withdrawn: 7n,
        refusals: 1,
        deadLetters: 0,
        anomalies: 0,
      });
      expect([...new Set(progress.map(({ stage }) => stage))]).toEqual(['accounts', 'events', 'orders']);
    });

    test('finds nothing in empty ones', async () => {
      await ledgers.empty();
      expect(await ledgers.audit()).toMatchObject({ accounts: 0, events: 0, records: 0, differenceCount: 0 });
    });

    test('takes a debt for no error, and a number of a dropped debit for none', async () => {
      const ledger = await ledgers.empty();
      await ledger.applyOrder(sampleOrder(1, BOB, 10n));
      await applyAtEnd(ledger, [giftEntry({ id: 2, from: BOB, to: STAR, amount: 10n, seq: 2 })]);
      await ledger.reverse({ eventId: sampleId(3), originalEventId: sampleId(2), opUserId: BOB, amount: 0n });
      await applyAtEnd(ledger, [giftEntry({ id: 4, from: STAR, to: ALICE, amount: 4n, seq: 1 })]);
      const before = await ledgers.audit();
      expect(before.differences).toMatchObject([{ kind: 'missing_seq', userId: BOB, from: 1, to: 1 }]);
      expect(before.totals.anomalies).toBe(1);

      await applyAtEnd(ledger, [], { parked: [{ offset: 9, reason: 'cut off', payload: Uint8Array.of(1) }] });
      const [letter] = await ledger.deadLetters(1);
      const decided = sampleDecided({ id: 5, from: BOB, to: STAR, seq: 1 });
      await ledger.dropDeadLetter(letter?.id ?? 0, { by: 'ops', why: 'nobody can read it', decided });
      expect(await ledgers.audit()).toMatchObject({ differenceCount: 0 });
    });

    test('counts all differences and keeps the first', async () => {
      const parked = [1, 2, 3, 4, 5].map((offset) => ({ offset, reason: 'cut off', payload: Uint8Array.of(1) }));
      await applyAtEnd(await ledgers.empty(), [], { parked });
      const report = await ledgers.audit({ differencesMax: 2 });
      expect(report.differenceCount).toBe(5);
      expect(report.differences).toHaveLength(2);
      await expect(ledgers.audit({ differencesMax: 0 })).rejects.toThrow(RangeError);
    });

    test.each(LEDGER_DAMAGES)('finds %s', async (_, sql, values, expected) => {
      await ledgers.whole();
      expect(await ledgers.damage(sql, values)).toBe(1);
      const { differences, differenceCount } = await ledgers.audit();
      expect(differenceCount).toBe(expected.length);
      // The order is the audit's own matter.
      for (const one of expected) expect(differences).toContainEqual(expect.objectContaining(one));
    });
  });
}

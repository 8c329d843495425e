import { SimulatedClock } from '@giftmesh/kernel-time';
import { ShardMap } from '../shards';
import { ledgerContract } from './ledger-contract';
import { applyAtEnd, eventEntry, sampleDecided, sampleId, sampleOrder } from './ledger-samples';
import { MemoryLedger } from './memory-ledger';

ledgerContract('MemoryLedger', async ({ clock, shards }) => {
  const ledger = new MemoryLedger(clock, shards);
  return {
    ledger,
    reopen: async () => {
      await ledger.close();
      ledger.reopen();
      return ledger;
    },
    dispose: () => ledger.close(),
  };
});

describe('MemoryLedger', () => {
  test('shows all it holds, closed or open', async () => {
    const ledger = new MemoryLedger(new SimulatedClock(), new ShardMap(1, 1));
    await ledger.applyOrder(sampleOrder(1, 7n, 100n));
    await applyAtEnd(ledger, [
      eventEntry(sampleDecided({ id: 2, from: 7n, to: 8n, amount: 30n })),
      eventEntry(sampleDecided({ id: 3, from: 7n, to: 8n, amount: 300n, refused: true })),
    ]);
    await ledger.reverse({ eventId: sampleId(4), originalEventId: sampleId(2), opUserId: 7n, amount: 10n });
    await ledger.close();
    expect(ledger.healthy()).toBe(false);
    await expect(ledger.positions()).rejects.toThrow('closed');

    const all = ledger.snapshot();
    expect(all.accounts).toMatchObject([
      { userId: 7n, credited: 110n, debited: 30n, debits: 1 },
      { userId: 8n, credited: 30n, reversed: 10n, debits: 0 },
    ]);
    expect(all.records.map(({ incr }) => incr)).toEqual([100n, -30n, 30n, 10n, -10n]);
    expect(all.decided.map(({ outcome }) => outcome)).toEqual(['applied', 'insufficient_balance']);
    expect(all.orders).toHaveLength(1);
    expect(all.reversals).toMatchObject([{ amount: 10n }]);
    expect(all.positions).toEqual([{ partition: 0, offset: 2 }]);
  });
});

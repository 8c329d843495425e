import { checkDecidedEvent, LedgerRejectError, ShardMap } from '@giftmesh/domain-money';
import { applyAtEnd, MemoryLedger, sampleId } from '@giftmesh/domain-money/testing';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { POISON_KINDS } from './fault';
import { poisonOf } from './poison';

const SHARDS = new ShardMap(256, 4);
const USER = 900_000_001n;

describe('poisonOf', () => {
  it.each(['bytes', 'event_type'] as const)('makes %s that can’t be read', (what) => {
    expect(() => moneyLogCodec.decode(poisonOf(what, sampleId(1), USER, 1))).toThrow();
  });

  it.each([
    ['long_id', 1, /obj_id must be at most 64 bytes/],
    ['long_id', 2, /event_id must be a UUIDv7/],
    ['amount', 1, /op_user_change.incr must be negative, above -2\^53/],
  ] as const)('makes an event of %s (%d) that no ledger may write', (what, serial, why) => {
    const entry = moneyLogCodec.decode(poisonOf(what, sampleId(1), USER, serial));
    if (entry.kind !== 'event') throw new Error('a fence?');
    expect(() => checkDecidedEvent(entry.decided, SHARDS)).toThrow(why);
  });

  it('makes an event that a ledger rejects because of what it has on record', async () => {
    const ledger = new MemoryLedger(new SimulatedClock(), SHARDS);
    const entry = moneyLogCodec.decode(poisonOf('taken_id', sampleId(1), USER, 1));
    await ledger.applyOrder({
      ...{ eventId: sampleId(1), userId: USER, eventType: 'order_apple', orderId: 1n },
      ...{ outsideTransactionId: 'one', assetType: 'coin', amount: 100n },
    });
    await expect(applyAtEnd(ledger, [entry])).rejects.toThrow(LedgerRejectError);
  });

  it('makes no two messages alike', () => {
    const made = POISON_KINDS.flatMap((what) =>
      [1, 2, 3, 4].map((n) => poisonOf(what, sampleId(n), USER + BigInt(n), n)),
    );
    expect(new Set(made.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(made.length);
  });
});

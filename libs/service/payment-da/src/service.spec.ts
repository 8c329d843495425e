import { common, type station } from '@giftmesh/contract';
import { AMOUNT_MAX, LedgerUnavailableError, ShardMap, type SettledNotices } from '@giftmesh/domain-money';
import {
  MemoryEventLog,
  MemoryLedger,
  SAMPLE_START_MS,
  applyAtEnd,
  eventEntry,
  sampleDecided,
  sampleId,
} from '@giftmesh/domain-money/testing';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { CallContext, runInCall } from '@giftmesh/mesh-context';
import { markCall } from '@giftmesh/mesh-lanes';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { AppliedPositions } from './applied-positions';
import { ParkedEvents } from './parked-events';
import { PaymentDaHandlers, REQUEST_ITEMS_MAX } from './service';

const USER = 7n;
const clock = new SimulatedClock(SAMPLE_START_MS);

function setUp(shadow = false) {
  const shards = new ShardMap(8, 1);
  const ledger = new MemoryLedger(clock, shards);
  const log = new MemoryEventLog<never>({ clock, partitionCount: 1 });
  const notices = { publish: () => Promise.resolve() } as unknown as SettledNotices;
  const positions = new AppliedPositions(clock, () => ledger.positions());
  const parked = new ParkedEvents({ ledger, codec: moneyLogCodec, shards });
  return { ledger, handlers: new PaymentDaHandlers({ log, ledger, notices, shards, positions, parked, shadow }) };
}

const order = (changes: Partial<station.ApplyOrderRequest> = {}): station.ApplyOrderRequest => ({
  eventId: sampleId(1),
  userId: USER,
  eventType: common.EventType.ORDER_WX,
  orderId: 1n,
  outsideTransactionId: 'receipt',
  assetType: common.AssetType.COIN,
  amount: 100n,
  ...changes,
});
const reversal = (changes: Partial<station.ReverseEventRequest> = {}): station.ReverseEventRequest => ({
  eventId: sampleId(9),
  originalEventId: sampleId(2),
  opUserId: USER,
  amount: 0n,
  ...changes,
});
const load = { userIds: [USER], decidedSinceMs: 0n };
const list = { userId: USER, pageSize: 0, pageToken: '' };
const key = { opUserId: USER, eventId: sampleId(1) };

async function refusalOf(call: Promise<unknown>): Promise<StatusError> {
  const thrown: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof StatusError)) throw new Error(`was not refused: ${String(thrown)}`);
  return thrown;
}

/** A call of a load test. */
function markedCall(): CallContext {
  const policy = {
    deadlineMs: undefined,
    priority: 0,
    idempotency: 'unknown',
    requestStream: false,
    responseStream: false,
  } as const;
  const marked = new CallContext({ method: '/x/Y', policy, clock });
  markCall(marked, { stress: true });
  return marked;
}

describe('PaymentDaHandlers', () => {
  it('take calls of a load test on shadow stores', async () => {
    const { handlers, ledger } = setUp(true);
    await runInCall(markedCall(), () => handlers.applyOrder({ order: order() }));
    expect(await ledger.counters([USER])).toMatchObject([{ credited: 100n }]);
  });

  it('change no money for calls of a load test', async () => {
    const { handlers, ledger } = setUp();
    const marked = markedCall();
    const calls: readonly (() => Promise<unknown>)[] = [
      () => handlers.applyOrder({ order: order() }),
      () => handlers.reverseEvent({ reversal: reversal() }),
    ];
    for (const call of calls) {
      expect(await refusalOf(runInCall(marked, call))).toMatchObject({
        code: StatusCode.FAILED_PRECONDITION,
        reason: 'STRESS_NOT_SUPPORTED',
        metadata: { errCode: '20012' },
      });
    }
    expect(await ledger.counters([USER])).toEqual([]);
    expect(await runInCall(marked, () => handlers.loadAssets(load))).toMatchObject({ accounts: [{ userId: USER }] });
  });

  it.each<[string, string, (rpc: PaymentDaHandlers) => Promise<unknown>]>([
    ['no users', 'user_ids', (rpc) => rpc.loadAssets({ ...load, userIds: [] })],
    [
      'too many users',
      'user_ids',
      (rpc) => rpc.loadAssets({ ...load, userIds: Array(REQUEST_ITEMS_MAX + 1).fill(1n) }),
    ],
    ['user 0', 'user_ids[1]', (rpc) => rpc.loadAssets({ ...load, userIds: [USER, 0n] })],
    ['a time before 1970', 'decided_since_ms', (rpc) => rpc.loadAssets({ ...load, decidedSinceMs: -1n })],
    ['a time beyond UUIDs', 'decided_since_ms', (rpc) => rpc.loadAssets({ ...load, decidedSinceMs: 2n ** 48n })],
    ['records of nobody', 'user_id', (rpc) => rpc.listAssetRecords({ ...list, userId: 0n })],
    ['a page of too many', 'page_size', (rpc) => rpc.listAssetRecords({ ...list, pageSize: 201 })],
    ['no events', 'events', (rpc) => rpc.checkEvents({ events: [], behindBarrier: false })],
    [
      'an event of nobody',
      'events[1].op_user_id',
      (rpc) => rpc.checkEvents({ events: [key, { ...key, opUserId: 0n }], behindBarrier: false }),
    ],
    [
      'an event without an id',
      'events[0].event_id',
      (rpc) => rpc.checkEvents({ events: [{ ...key, eventId: '' }], behindBarrier: false }),
    ],
    ['no order', 'order', (rpc) => rpc.applyOrder({ order: undefined })],
    ['an order of no shop', 'order.event_type', (rpc) => rpc.applyOrder({ order: order({ eventType: 1 }) })],
    ['an order of nothing', 'order.amount', (rpc) => rpc.applyOrder({ order: order({ amount: 0n }) })],
    ['no reversal', 'reversal', (rpc) => rpc.reverseEvent({ reversal: undefined })],
    [
      'too large a reversal',
      'reversal.amount',
      (rpc) => rpc.reverseEvent({ reversal: reversal({ amount: 2n ** 53n }) }),
    ],
    ['no shards', 'shards', (rpc) => rpc.raiseGeneration({ shards: [] })],
    ['more shards than there are', 'shards', (rpc) => rpc.raiseGeneration({ shards: Array(9).fill(1) as number[] })],
    ['a shard that there is not', 'shards[1]', (rpc) => rpc.raiseGeneration({ shards: [7, 8] })],
  ])('refuses %s, by the path of the field', async (_name, field, call) => {
    const { handlers, ledger } = setUp();
    expect(await refusalOf(call(handlers))).toMatchObject({
      code: StatusCode.INVALID_ARGUMENT,
      reason: 'REQUEST_INVALID',
      fieldViolations: [{ field }],
    });
    expect(ledger.snapshot().records).toEqual([]);
  });

  it('answers for parked events as for those on record, and lets what they paid be spent no second time', async () => {
    const { handlers, ledger } = setUp();
    const gift = sampleDecided({ id: 2, from: USER, to: 8n, amount: 5n, seq: 1, balance: 95n });
    const payload = moneyLogCodec.encode(eventEntry(gift));
    await applyAtEnd(ledger, [], { parked: [{ offset: 0, reason: 'cannot be', payload }] });
    const decided = [{ eventId: sampleId(2), outcome: common.EventOutcome.APPLIED, opUserBalance: 95n }];
    expect((await handlers.loadAssets(load)).accounts).toMatchObject([
      { userId: USER, assets: [{ debited: 5n }], decided },
    ]);
    const events = [{ opUserId: USER, eventId: sampleId(2) }];
    expect(await handlers.checkEvents({ events, behindBarrier: true })).toMatchObject({ events: decided });
  });

  it('takes the newest time that a UUID can have', async () => {
    const { handlers } = setUp();
    const { accounts } = await handlers.loadAssets({ ...load, decidedSinceMs: 2n ** 48n - 1n });
    expect(accounts).toMatchObject([{ userId: USER, decided: [] }]);
  });

  it('refuses an order past what an account can hold, and tells no counters', async () => {
    const { handlers } = setUp();
    await handlers.applyOrder({ order: order({ amount: AMOUNT_MAX - 1n }) });
    const next = order({ eventId: sampleId(2), outsideTransactionId: 'next', amount: 2n });
    const expected = { code: StatusCode.FAILED_PRECONDITION, reason: 'AMOUNT_OVERFLOW', fieldViolations: [] };
    const refusal = await refusalOf(handlers.applyOrder({ order: next }));
    expect(refusal).toMatchObject(expected);
    expect(refusal.message).toBe('an account would be past 2^53 - 1');
    expect((await handlers.applyOrder({ order: { ...next, amount: 1n } })).counters).toMatchObject({
      credited: AMOUNT_MAX,
    });
  });

  it('refuses a reversal past what an account can hold', async () => {
    const { handlers, ledger } = setUp();
    await handlers.applyOrder({ order: order({ amount: AMOUNT_MAX }) });
    await applyAtEnd(ledger, [eventEntry(sampleDecided({ id: 2, from: USER, to: 8n, amount: 5n }))]);
    expect(await refusalOf(handlers.reverseEvent({ reversal: reversal() }))).toMatchObject({
      code: StatusCode.FAILED_PRECONDITION,
      reason: 'AMOUNT_OVERFLOW',
    });
  });

  describe('while the ledger can not be written', () => {
    it.each<[string, (rpc: PaymentDaHandlers) => Promise<unknown>]>([
      ['orders', (rpc) => rpc.applyOrder({ order: order() })],
      ['reversals', (rpc) => rpc.reverseEvent({ reversal: reversal() })],
    ])('refuses %s with the advice to come again', async (_, call) => {
      const { handlers, ledger } = setUp();
      const full = new Error('the disk is full');
      jest.spyOn(ledger, 'applyOrder').mockRejectedValue(full);
      jest.spyOn(ledger, 'reverse').mockRejectedValue(full);
      await expect(call(handlers)).rejects.toBe(full);
      jest.spyOn(ledger, 'healthy').mockReturnValue(false);
      expect(await refusalOf(call(handlers))).toMatchObject({
        code: StatusCode.UNAVAILABLE,
        reason: 'DEPENDENCY_AWAY',
        retryDelayMs: 500,
        cause: full,
      });
    });

    it('says so even when another call has just succeeded', async () => {
      const { handlers, ledger } = setUp();
      const away = new LedgerUnavailableError('the connection broke');
      for (const method of ['applyOrder', 'counters', 'load', 'records', 'raiseGeneration', 'decided'] as const)
        jest.spyOn(ledger, method).mockRejectedValue(away);
      const calls = [
        handlers.applyOrder({ order: order() }),
        handlers.loadAssets({ userIds: [USER], decidedSinceMs: 0n }),
        handlers.listAssetRecords({ userId: USER, pageSize: 1, pageToken: '' }),
        handlers.raiseGeneration({ shards: [1] }),
      ];
      for (const call of calls)
        expect(await refusalOf(call)).toMatchObject({
          code: StatusCode.UNAVAILABLE,
          reason: 'DEPENDENCY_AWAY',
          cause: away,
        });
    });
  });
});

import { common } from '@giftmesh/contract';
import { StatusCode } from '@giftmesh/kernel-errors';
import { sampleDecided, sampleId } from '@giftmesh/domain-money/testing';
import { CallContext, runInCall } from '@giftmesh/mesh-context';
import { markCall } from '@giftmesh/mesh-lanes';
import { createPaymentStation, type PaymentStationDependencies } from './payment-station';
import { DEFAULT_SWEEPER_OPTIONS } from './sweeper';
import { ALICE, message, setUp as setUpParts, SHARDS, STAR, WINDOW } from './test-kit/kit';
import { decidedNow } from './test-kit/scripted-store';

const undeclared = {
  deadlineMs: undefined,
  priority: 0,
  idempotency: 'unknown',
  requestStream: false,
  responseStream: false,
} as const;

const orderMessage = {
  eventId: sampleId(1),
  eventType: common.EventType.ORDER_WX,
  orderId: 1n,
  outsideTransactionId: 'receipt',
  assetType: common.AssetType.COIN,
  amount: 100n,
};

function setUp(sweeper = DEFAULT_SWEEPER_OPTIONS, more: Partial<PaymentStationDependencies> = {}) {
  const { clock, store, ledger, log } = setUpParts();
  const notices = { publish: async () => undefined, subscribe: () => async () => undefined };
  const station = createPaymentStation(
    { clock, store, log, ledger, notices, shards: SHARDS, ...more },
    { window: WINDOW, sweeper },
  );
  store.answer = (request) => decidedNow(request, 'applied', { generation: store.generation });
  return { clock, store, ledger, log, station };
}

describe('createPaymentStation', () => {
  it('recovers what the store lost, then refills the log from the outbox, and only then decides', async () => {
    const { clock, log, station, store } = setUp({ ...DEFAULT_SWEEPER_OPTIONS, intervalMs: 60_000 });
    store.lost = SHARDS.allShards();
    store.entries = [1, 2].map((id) => sampleDecided({ id, from: ALICE, to: STAR, seq: id }));
    expect(station.problem()).toBe('the station is starting');
    log.trouble = () => {
      throw new Error('disk full');
    };
    const started = station.start();
    await clock.advanceAsync(2_000);
    await expect(station.handlers.changeAssets({ events: [message({ id: 3 })] })).rejects.toMatchObject({
      reason: 'DEPENDENCY_AWAY',
    });
    expect(store.requests).toEqual([]);
    expect(station.problem()).toBe('the station is starting');
    log.trouble = () => undefined;
    await clock.advanceAsync(5_000);
    await started;
    expect(station.problem()).toBeUndefined();
    const durable = await log.durable();
    expect(durable.filter((one) => one !== 'fence')).toEqual([sampleId(1), sampleId(2)]);
    // One fence a partition, before all that is refilled.
    expect(durable.filter((one) => one === 'fence')).toHaveLength(SHARDS.partitionCount);
    expect(durable[durable.indexOf(sampleId(1)) - 1]).toBe('fence');
    expect(await station.handlers.changeAssets({ events: [message({ id: 3 })] })).toMatchObject({
      results: [{ outcome: common.EventOutcome.APPLIED }],
    });
    await station.close();
  });

  it('starts once the store can be read', async () => {
    const { clock, station, store } = setUp();
    store.failing.set('outbox', new Error('away'));
    const started = station.start();
    await clock.advanceAsync(199);
    expect(station.problem()).toBe('the station is starting');
    await clock.advanceAsync(1);
    await started;
    expect(station.problem()).toBeUndefined();
    await station.close();
  });

  it('changes no money for calls of a load test', async () => {
    const { clock, log, station, store } = setUp();
    await station.start();
    const order = { ...orderMessage, userId: ALICE };
    const reversal = { eventId: sampleId(9), originalEventId: sampleId(2), opUserId: ALICE, amount: 0n };
    const calls: readonly (() => Promise<unknown>)[] = [
      () => station.handlers.changeAssets({ events: [message({ id: 3 })] }),
      () => station.handlers.applyOrder(order),
      () => station.handlers.reverseEvent(reversal),
    ];
    const marked = new CallContext({ method: '/x/Y', policy: undeclared, clock });
    markCall(marked, { stress: true });
    for (const call of calls) {
      await expect(runInCall(marked, call)).rejects.toMatchObject({
        code: StatusCode.FAILED_PRECONDITION,
        reason: 'STRESS_NOT_SUPPORTED',
        metadata: { errCode: '20012' },
      });
    }
    expect([store.requests, await log.durable()]).toEqual([[], []]);
    markCall(marked, { lane: 'blue' });
    await expect(runInCall(marked, calls[0] as () => Promise<unknown>)).resolves.toMatchObject({
      results: [{ outcome: common.EventOutcome.APPLIED }],
    });
    await station.close();
  });

  it('takes calls of load tests on shadow stores', async () => {
    const { clock, station } = setUp(undefined, { shadow: true });
    await station.start();
    const marked = new CallContext({ method: '/x/Y', policy: undeclared, clock });
    markCall(marked, { stress: true });
    const changed = runInCall(marked, () => station.handlers.changeAssets({ events: [message({ id: 3 })] }));
    expect(await changed).toMatchObject({ results: [{ outcome: common.EventOutcome.APPLIED }] });
    await station.close();
  });

  it('writes what travels with the events of a call into the log', async () => {
    const carrier = { traceparent: 't' };
    const { log, station } = setUp(undefined, { carrierOf: () => carrier });
    await station.start();
    await station.handlers.changeAssets({ events: [message({ id: 3 })] });
    const records = await log.read({ partition: SHARDS.partitionOf(ALICE), offset: 0 }, 10);
    expect(records.at(-1)?.content).toMatchObject({ ok: true, value: { kind: 'event', carrier } });
    await station.close();
  });

  it('does nothing more once it is closed', async () => {
    const { clock, station, store } = setUp();
    await station.start();
    await station.close();
    const { length } = store.calls;
    await clock.advanceAsync(60_000);
    expect(store.calls).toHaveLength(length);
    expect(clock.pendingTimers).toBe(0);
  });
});

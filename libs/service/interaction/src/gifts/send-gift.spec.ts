import { common, type interaction } from '@giftmesh/contract';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { paymentError } from '@giftmesh/domain-money';
import { deferred } from '@giftmesh/kernel-async';
import { CallContext, runInCall } from '@giftmesh/mesh-context';
import { CHEAP_GIFT, HOST, newKit, refusalOf, ROOM, VIEWER } from '../test-kit/kit';

const STREAMERS = Array.from({ length: 10 }, (_, index) => HOST + BigInt(index));
const HOUR_MS = 3_600_000;

type Change = Partial<interaction.SendGiftRequest>;

describe('SendGift', () => {
  it('debits the viewer and credits the host when no recipient is named', async () => {
    const kit = newKit();
    const request = kit.gift({ giftId: 300, count: 3 });
    const price = kit.ports.catalogue.find(300)?.price ?? 0n;
    expect(await kit.service.handlers.sendGift(request)).toEqual({
      eventId: request.eventId,
      balance: 1_000_000n - 3n * price,
      coins: 3n * price,
      comboCount: 0,
      duplicate: false,
    });
    expect(kit.station.balances.get(HOST)).toBe(3n * price);
    expect(kit.station.requests).toEqual([
      {
        events: [
          {
            eventId: request.eventId,
            opUserId: VIEWER,
            eventType: common.EventType.INTERACT_GIFT,
            bizId: ROOM,
            bizType: common.BizType.LIVE,
            objId: '300',
            opUserChange: { userId: VIEWER, assetType: common.AssetType.COIN, incr: -3n * price },
            toUserChanges: [{ userId: HOST, assetType: common.AssetType.COIN, incr: 3n * price }],
            quantity: 3,
            comboKey: '',
          },
        ],
      },
    ]);
  });

  it('gives each of several recipients the full value, as one event', async () => {
    const kit = newKit();
    const answer = await kit.service.handlers.sendGift(kit.gift({ count: 7, recipientIds: STREAMERS.slice(2, 5) }));
    expect(answer.coins).toBe(21n);
    expect(STREAMERS.slice(2, 5).map((id) => kit.station.balances.get(id))).toEqual([7n, 7n, 7n]);
    expect(kit.station.requests[0]?.events).toHaveLength(1);
  });

  it('answers a repeated event as the first time, and takes nothing', async () => {
    const kit = newKit();
    const request = kit.gift({ count: 5 });
    const first = await kit.service.handlers.sendGift(request);
    expect(await kit.service.handlers.sendGift(request)).toEqual({ ...first, duplicate: true });
    expect(kit.station.balances.get(VIEWER)).toBe(999_995n);
    expect(kit.service.stats().gifts).toMatchObject({ applied: 1, duplicates: 1 });
  });

  it('counts combos up, once per event, and anew after their window', async () => {
    const kit = newKit();
    const combo = (more: Change = {}) => kit.gift({ comboKey: 'k', ...more });
    const count = async (request: interaction.SendGiftRequest) =>
      (await kit.service.handlers.sendGift(request)).comboCount;
    const second = combo({ count: 2 });
    expect(await count(combo())).toBe(1);
    expect(await count(second)).toBe(3);
    expect(await count(combo({ count: 10 }))).toBe(13);
    expect(await count(second)).toBe(3);
    expect(await count(combo({ recipientIds: [HOST] }))).toBe(14);
    expect(await count(combo({ recipientIds: [HOST, HOST + 1n] }))).toBe(1);
    expect(await count(combo({ recipientIds: [HOST + 1n, HOST] }))).toBe(2);
    expect(await count(combo({ comboKey: 'other' }))).toBe(1);
    expect(await count(combo({ comboKey: '' }))).toBe(0);
    const windowMs = kit.ports.catalogue.find(CHEAP_GIFT)?.comboWindowMs ?? 0;
    kit.clock.advance(windowMs);
    expect(await count(combo())).toBe(15);
    kit.clock.advance(windowMs + 1);
    expect(await count(second)).toBe(0);
    expect(await count(combo())).toBe(1);
  });

  it('sends the gifts of many calls to the station together', async () => {
    const kit = newKit({ batchMax: 40, batchFlushAt: 32, batchesInFlightMax: 1 });
    await Promise.all(Array.from({ length: 100 }, async () => kit.service.handlers.sendGift(kit.gift())));
    expect(kit.station.requests.map(({ events }) => events.length)).toEqual([32, 40, 28]);
    expect(kit.station.options[0]).toEqual({ timeoutMs: 2_000 });
  });

  it('refuses an event id that was used for another gift', async () => {
    const kit = newKit();
    const request = kit.gift();
    await kit.service.handlers.sendGift(request);
    const error = await refusalOf(kit.service.handlers.sendGift({ ...request, count: 2 }));
    expect(error).toMatchObject({ code: StatusCode.ALREADY_EXISTS, reason: 'EVENT_ID_REUSED' });
    expect(kit.station.balances.get(VIEWER)).toBe(999_999n);
  });

  it('answers an old event from the record', async () => {
    const kit = newKit();
    const request = kit.gift();
    const first = await kit.service.handlers.sendGift(request);
    kit.clock.advance(2 * HOUR_MS);
    expect(await kit.service.handlers.sendGift(request)).toEqual({ ...first, duplicate: true });
  });

  const failures: readonly [string, Error, object][] = [
    ['cancels', new StatusError({ code: 1, reason: 'X', message: 'm' }), { code: 14, reason: 'OUTCOME_UNKNOWN' }],
    ['is late', new StatusError({ code: 4, reason: 'X', message: 'm' }), { code: 14, reason: 'OUTCOME_UNKNOWN' }],
    ['breaks', new StatusError({ code: 13, reason: 'X', message: 'm' }), { code: 14, reason: 'OUTCOME_UNKNOWN' }],
    ['throws anything', new TypeError('m'), { code: 14, reason: 'OUTCOME_UNKNOWN', retryDelayMs: 200 }],
    [
      'is overloaded',
      new StatusError({ code: 8, reason: 'OVERLOADED', message: 'm', retryDelayMs: 70 }),
      { code: 8, reason: 'OVERLOADED', retryDelayMs: 70 },
    ],
    [
      'is starting',
      paymentError('DEPENDENCY_AWAY', 'm', 14, { retryDelayMs: 40 }),
      { code: 14, reason: 'DEPENDENCY_AWAY', retryDelayMs: 40 },
    ],
    [
      'is away',
      new StatusError({ code: 14, reason: 'CONNECTION', message: 'm' }),
      { code: 14, reason: 'OUTCOME_UNKNOWN', retryDelayMs: 200 },
    ],
  ];
  it.each(failures)('says what a caller can do when the station %s', async (_name, thrown, expected) => {
    const kit = newKit();
    kit.station.failures.push(() => Promise.reject(thrown));
    const request = kit.gift();
    const error = await refusalOf(kit.service.handlers.sendGift(request));
    expect(error).toMatchObject(expected);
    expect(Number(error.metadata['errCode'])).toBeGreaterThan(20_000);
    expect((await kit.service.handlers.sendGift(request)).duplicate).toBe(false);
  });

  it('takes an answer for other events, or none, for an unknown outcome', async () => {
    const kit = newKit({ batchesInFlightMax: 1 });
    const { station } = kit;
    const changeAssets = station.changeAssets.bind(station);
    station.changeAssets = async (request) => ({ results: (await changeAssets(request)).results.slice(1) });
    const errors = await Promise.all([1, 2].map(() => refusalOf(kit.service.handlers.sendGift(kit.gift()))));
    expect(errors.map(({ reason }) => reason)).toEqual(['OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN']);
  });

  it('refuses beyond its queue, and decides all that it took', async () => {
    const kit = newKit({ batchMax: 1, batchesInFlightMax: 1, giftsQueuedMax: 2 });
    const gate = deferred<void>();
    kit.station.gate = gate.promise;
    const taken = [kit.service.handlers.sendGift(kit.gift())];
    await kit.pass();
    taken.push(kit.service.handlers.sendGift(kit.gift()), kit.service.handlers.sendGift(kit.gift()));
    const error = await refusalOf(kit.service.handlers.sendGift(kit.gift()));
    expect(error).toMatchObject({ code: StatusCode.RESOURCE_EXHAUSTED, reason: 'QUEUE_FULL' });
    gate.resolve();
    expect((await Promise.all(taken.map(async (one) => one))).map(({ coins }) => coins)).toEqual([1n, 1n, 1n]);
  });

  describe('within a call', () => {
    const callOf = (kit: ReturnType<typeof newKit>, deadlineMs: number): CallContext =>
      new CallContext({
        method: '/x/SendGift',
        policy: { deadlineMs: 3_000, priority: 20, idempotent: true } as never,
        clock: kit.clock,
        deadlineMs,
      });

    it('does nothing for a caller whose deadline has passed', async () => {
      const kit = newKit();
      const call = callOf(kit, 0);
      const error = await refusalOf(runInCall(call, () => kit.service.handlers.sendGift(kit.gift())));
      expect(error.code).toBe(StatusCode.DEADLINE_EXCEEDED);
      expect(kit.station.requests).toEqual([]);
    });

    it('has the gift decided when the caller gives up, for whom the host answers', async () => {
      const kit = newKit();
      const gate = deferred<void>();
      kit.station.gate = gate.promise;
      const call = callOf(kit, 1_000);
      const request = kit.gift();
      const answer = runInCall(call, () => kit.service.handlers.sendGift(request));
      await kit.pass();
      call.expire();
      gate.resolve();
      expect((await answer).duplicate).toBe(false);
      expect((await kit.service.handlers.sendGift(request)).duplicate).toBe(true);
    });

    it('shares a call to the station that outlives whoever came first', async () => {
      const kit = newKit();
      const gate = deferred<void>();
      kit.station.gate = gate.promise;
      const calls = [callOf(kit, 1_000), callOf(kit, 1_000)];
      const answers = calls.map((call) => runInCall(call, () => kit.service.handlers.sendGift(kit.gift())));
      await kit.pass();
      expect(kit.station.requests).toHaveLength(1);
      calls[0]?.expire();
      gate.resolve();
      for (const answer of answers) expect((await answer).coins).toBe(1n);
    });
  });
});

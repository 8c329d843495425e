import { markerOf, StoreLostError } from '@giftmesh/domain-money';
import { eventEntry, sampleCounters, sampleDecided, sampleId } from '@giftmesh/domain-money/testing';
import { Sweeper, type SweeperOptions } from './sweeper';
import { ALICE, BOB, MOON, NOW_MS, setUp as setUpStation, SHARDS, STAR } from './test-kit/kit';

const OPTIONS: SweeperOptions = {
  intervalMs: 1_000,
  minAgeMs: 3_000,
  entriesMax: 5,
  timeoutMs: 2_000,
  idleMs: 60_000,
  evictMax: 7,
  inspectEveryMs: 30_000,
};

const entry = (id: number, from: bigint = ALICE, to: bigint = STAR) => sampleDecided({ id, from, to, seq: id });
const keyOf = (id: number, opUserId: bigint = ALICE) => ({ opUserId, eventId: sampleId(id) });

function setUp() {
  const station = setUpStation();
  const { clock, store, ledger, appender, loader, recovery } = station;
  return { ...station, sweeper: new Sweeper(clock, store, ledger, appender, loader, recovery, OPTIONS) };
}

/** The ledger has the events with these numbers. */
const onRecord =
  (...ids: readonly number[]) =>
  ({ eventId }: { readonly eventId: string }) =>
    ids.some((id) => sampleId(id) === eventId)
      ? markerOf(entry(ids.find((id) => sampleId(id) === eventId) ?? 0))
      : undefined;

describe('Sweeper', () => {
  it('asks for old entries and idle users within its limits', async () => {
    const { ledger, store, sweeper } = setUp();
    await sweeper.sweep();
    expect(store.calls).toEqual([
      { method: 'outbox', of: { nowMs: NOW_MS, minAgeMs: OPTIONS.minAgeMs, limit: OPTIONS.entriesMax } },
      { method: 'lostShards', of: undefined },
      { method: 'evictIdle', of: { nowMs: NOW_MS, idleMs: OPTIONS.idleMs, limit: OPTIONS.evictMax } },
    ]);
    expect(ledger.checks).toEqual([]);
  });

  it('looks for idle users now and then, and with each sweep while there are more', async () => {
    const { clock, store, sweeper } = setUp();
    store.evicted = OPTIONS.evictMax;
    const looks = async (): Promise<number> => {
      await sweeper.sweep();
      return store.callsOf('evictIdle').length;
    };
    expect(await looks()).toBe(1);
    expect(await looks()).toBe(2);
    store.evicted = OPTIONS.evictMax - 1;
    expect(await looks()).toBe(3);
    expect(await looks()).toBe(3);
    clock.advance(29_999);
    expect(await looks()).toBe(3);
    clock.advance(1);
    expect(await looks()).toBe(4);
    clock.jumpWallClock(-60_000);
    expect(await looks()).toBe(5);
  });

  it('settles what the ledger has, behind the counters: no credit may stay behind', async () => {
    const { ledger, log, store, sweeper } = setUp();
    store.entries = [entry(1), entry(2)];
    ledger.onRecord = onRecord(1, 2);
    ledger.counters = [sampleCounters(ALICE, 100n)];
    await sweeper.sweep();
    expect(store.callsOf('merge', 'settle')).toMatchObject([
      { method: 'merge', of: [{ userId: ALICE, credited: 100n }] },
      { method: 'settle', of: [keyOf(1), keyOf(2)] },
    ]);
    expect(ledger.checks).toEqual([{ events: [keyOf(1), keyOf(2)], behindBarrier: false }]);
    expect(await log.durable()).toEqual([]);
  });

  it('has shards recovered that nobody else asks for', async () => {
    const { clock, ledger, store, sweeper } = setUp();
    store.entries = [entry(1)];
    ledger.onRecord = onRecord(1);
    store.lost = SHARDS.allShards();
    store.failing.set('read', new StoreLostError(store.lost));
    sweeper.start();
    await clock.advanceAsync(OPTIONS.intervalMs + 100);
    expect(store.lost).toEqual([]);
    expect(store.callsOf('settle')).toEqual([]);
    await clock.advanceAsync(OPTIONS.intervalMs);
    expect(store.callsOf('settle')).toMatchObject([{ of: [keyOf(1)] }]);
    sweeper.close();
  });

  it('has shards recovered whose outbox does not show, when it looks at all shards', async () => {
    const { clock, store, sweeper } = setUp();
    await sweeper.sweep();
    store.lost = SHARDS.allShards();
    await sweeper.sweep();
    await clock.advanceAsync(OPTIONS.inspectEveryMs - 1);
    expect(store.lost).toEqual(SHARDS.allShards());
    await clock.advanceAsync(1);
    await sweeper.sweep();
    await clock.advanceAsync(100);
    expect(store.lost).toEqual([]);
    sweeper.close();
  });

  it('loads payees who are in place anew, each once, before it settles: their notice got lost', async () => {
    const { ledger, store, sweeper } = setUp();
    store.entries = [entry(1), entry(2, ALICE, MOON), entry(3), entry(4, ALICE, BOB)];
    store.inPlace.add(STAR).add(BOB);
    // The last one is not on record: nothing to be heard of it.
    ledger.onRecord = onRecord(1, 2, 3);
    await sweeper.sweep();
    expect(ledger.loads).toEqual([[STAR]]);
    expect(store.callsOf('install', 'settle').map(({ method }) => method)).toEqual(['install', 'settle']);
  });

  it('appends again what the ledger does not have, and leaves it in the outbox', async () => {
    const { clock, ledger, log, store, sweeper } = setUp();
    store.entries = [entry(1), entry(2), entry(3)];
    ledger.onRecord = onRecord(2);
    await sweeper.sweep();
    await clock.advanceAsync(0);
    expect(store.callsOf('settle')).toMatchObject([{ of: [keyOf(2)] }]);
    expect(await log.durable()).toEqual([sampleId(1), sampleId(3)]);
    expect((await log.read({ partition: SHARDS.partitionOf(ALICE), offset: 0 }, 1))[0]?.content).toEqual({
      ok: true,
      value: eventEntry(entry(1)),
    });
  });

  it('does not append a second time what is still on its way, and does not wait for a log that is away', async () => {
    const { clock, log, store, sweeper } = setUp();
    store.entries = [entry(1)];
    let appends = 0;
    log.trouble = () => {
      appends += 1;
      throw new Error('disk full');
    };
    await sweeper.sweep();
    await clock.advanceAsync(0);
    expect(appends).toBe(1);
    await sweeper.sweep();
    expect(store.callsOf('outbox')).toHaveLength(2);
    log.trouble = () => undefined;
    await clock.advanceAsync(10_000);
    expect(await log.durable()).toEqual([sampleId(1)]);
  });

  it('knows how old the oldest entry is, also while the ledger is away, and not while the store is', async () => {
    const { clock, ledger, store, sweeper } = setUp();
    expect(sweeper.oldestMs).toBeUndefined();
    await sweeper.sweep();
    expect([sweeper.oldestMs, sweeper.appendedAgain]).toEqual([0, 0]);
    const decidedAt = (id: number, agoMs: number) => ({ ...entry(id), decidedAtMs: clock.nowMs() - agoMs });
    store.entries = [decidedAt(1, 3_000), decidedAt(2, 9_000), decidedAt(3, -60_000)];
    ledger.trouble = () => {
      throw new Error('away');
    };
    await expect(sweeper.sweep()).rejects.toThrow('away');
    expect([sweeper.oldestMs, sweeper.appendedAgain]).toEqual([9_000, 0]);
    ledger.trouble = () => undefined;
    await sweeper.sweep();
    expect(sweeper.appendedAgain).toBe(3);
    store.failing.set('outbox', new Error('store away'));
    await expect(sweeper.sweep()).rejects.toThrow('store away');
    expect(sweeper.oldestMs).toBeUndefined();
  });

  it('settles, appends and evicts nothing while the ledger is away', async () => {
    const { clock, ledger, log, store, sweeper } = setUp();
    store.entries = [entry(1)];
    ledger.trouble = () => {
      throw new Error('away');
    };
    await expect(sweeper.sweep()).rejects.toThrow('away');
    await clock.advanceAsync(0);
    expect(store.callsOf('settle', 'merge', 'evictIdle')).toEqual([]);
    expect(await log.durable()).toEqual([]);
  });

  it('sweeps again and again, one sweep at a time, also after one that failed, until it is closed', async () => {
    const { clock, store, sweeper } = setUp();
    sweeper.start();
    await clock.advanceAsync(OPTIONS.intervalMs - 1);
    expect(store.callsOf('outbox')).toHaveLength(0);
    await clock.advanceAsync(1);
    expect(store.callsOf('outbox')).toHaveLength(1);
    store.failing.set('outbox', new Error('away'));
    await clock.advanceAsync(2 * OPTIONS.intervalMs);
    expect(store.callsOf('outbox')).toHaveLength(2);
    sweeper.close();
    await clock.advanceAsync(10 * OPTIONS.intervalMs);
    expect(store.callsOf('outbox')).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it('appends all that an earlier process left behind, of any age and number, and waits until it is durable', async () => {
    const { clock, ledger, log, store, sweeper } = setUp();
    store.entries = Array.from({ length: 2_500 }, (_, id) => entry(id));
    log.trouble = () => {
      throw new Error('disk full');
    };
    let isDone = false;
    const leftovers = sweeper.appendLeftovers().then(() => (isDone = true));
    await clock.advanceAsync(5_000);
    expect(isDone).toBe(false);
    log.trouble = () => undefined;
    await clock.advanceAsync(5_000);
    await leftovers;
    expect(await log.durable()).toEqual(store.entries.map(({ event }) => event.eventId));
    expect(store.callsOf('outbox')).toMatchObject([{ of: { minAgeMs: 0 } }]);
    // It is the ledger's to know them: a repetition does no harm.
    expect(ledger.checks).toEqual([]);
  });
});

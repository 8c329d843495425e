import { LedgerRejectError, type LogEntry } from '@giftmesh/domain-money';
import { MetricsRegistry } from '@giftmesh/mesh-telemetry';
import { createPaymentDa } from './index';
import { observePaymentDa, SETTLE_LAG_BOUNDS_S } from './da-metrics';
import { gift, numberOf, setUp, SHARDS } from './settler-test-kit';

describe('observePaymentDa', () => {
  it('counts what was parked and what stands, by reason, while all else is settled', async () => {
    const { append, applied, clock, codec, ledger, log } = setUp();
    ledger.trouble = (slices) =>
      slices.some(({ entries }) => entries.map(numberOf).includes(4)) ? new LedgerRejectError('no room') : undefined;
    jest.spyOn(ledger, 'replayDeadLetter').mockRejectedValue(new LedgerRejectError('no room'));
    const notices = { publish: async () => undefined, subscribe: () => async () => undefined };
    const da = createPaymentDa({ clock, log, codec, ledger, notices, shards: SHARDS });
    const registry = new MetricsRegistry();
    observePaymentDa(da, registry);
    const family = (wanted: string) => registry.snapshot().find(({ name }) => name === wanted);
    const counts = () =>
      Object.fromEntries(
        registry
          .snapshot()
          .filter(({ name }) => /^da\.(dead_letters|log)/.test(name))
          .flatMap(({ name, points }) =>
            points.map((point) => [[name, ...point.labels].join(' '), 'value' in point ? point.value : NaN]),
          ),
      ) as Record<string, number>;
    const none = { unreadable: 0, malformed: 0, rejected: 0 };
    const named = (name: string, kinds: Record<string, number>) =>
      Object.fromEntries(Object.entries(kinds).map(([kind, value]) => [`da.dead_letters.${name} ${kind}`, value]));
    expect(counts()).toEqual({ ...named('parked', none), ...named('waiting', none) });

    await append(
      gift(1),
      gift(2, { isUnreadable: true }),
      gift(3, { isMalformed: true }),
      gift(4),
      gift(5, { isUnreadable: true }),
      gift(6),
    );
    da.start();
    await clock.advanceAsync(6_000);
    expect(applied()).toEqual([1, 6]);
    const parked = { unreadable: 2, malformed: 1, rejected: 1 };
    expect(counts()).toEqual({ ...named('parked', parked), ...named('waiting', parked), 'da.log.lag': 0 });

    const letters = await ledger.deadLetters(9);
    for (const { id } of letters.slice(0, 2))
      await ledger.dropDeadLetter(id, { by: 'x', why: 'y', decided: undefined });
    await clock.advanceAsync(2_000);
    expect(counts()).toMatchObject(named('parked', parked));
    const waiting = Object.entries(counts()).filter(([name]) => name.includes('waiting'));
    expect(waiting.reduce((sum, [, value]) => sum + value, 0)).toBe(2);
    expect(family('da.events')?.points).toEqual([
      { labels: ['applied'], value: 2 },
      { labels: ['duplicate'], value: 0 },
      { labels: ['fenced'], value: 0 },
    ]);
    expect(family('da.batches')?.points).toEqual([{ labels: [], value: expect.any(Number) as number }]);
    await da.close();
  });

  it('measures how long decisions took, parked ones not counted, and never less than nothing', async () => {
    const { append, clock, codec, ledger, log } = setUp();
    const notices = { publish: async () => undefined, subscribe: () => async () => undefined };
    const da = createPaymentDa({ clock, log, codec, ledger, notices, shards: SHARDS });
    const registry = new MetricsRegistry();
    observePaymentDa(da, registry);
    const nowMs = clock.nowMs();
    const decidedAt = (entry: LogEntry, decidedAtMs: number): LogEntry =>
      entry.kind === 'event' ? { ...entry, decided: { ...entry.decided, decidedAtMs } } : entry;
    await append(decidedAt(gift(1), nowMs - 700), decidedAt(gift(2), nowMs + 60_000), gift(3, { isUnreadable: true }));
    da.start();
    await clock.advanceAsync(0);
    const [point] = registry.snapshot().find(({ name }) => name === 'da.settle.lag')?.points ?? [];
    expect(point).toMatchObject({ count: 2, sum: 0.7, bounds: SETTLE_LAG_BOUNDS_S });
    await da.close();
  });
});

import { MetricsRegistry } from '@giftmesh/mesh-telemetry';
import { sampleDecided } from '@giftmesh/domain-money/testing';
import { createPaymentStation } from './payment-station';
import { observePaymentStation } from './station-metrics';
import { ALICE, message, setUp as setUpParts, SHARDS, STAR, WINDOW } from './test-kit/kit';
import { decidedNow } from './test-kit/scripted-store';

function setUp() {
  const { clock, store, ledger, log } = setUpParts();
  const notices = { publish: async () => undefined, subscribe: () => async () => undefined };
  const station = createPaymentStation({ clock, store, log, ledger, notices, shards: SHARDS }, { window: WINDOW });
  const registry = new MetricsRegistry();
  observePaymentStation(station, registry);
  const shown = (): Record<string, number> =>
    Object.fromEntries(
      registry
        .snapshot()
        .flatMap(({ name, points }) =>
          points.map((point) => [[name, ...point.labels].join(' '), 'value' in point ? point.value : NaN]),
        ),
    );
  return { clock, store, log, station, shown };
}

describe('observePaymentStation', () => {
  it('counts events by their outcome, repeated ones as duplicates', async () => {
    const { clock, store, station, shown } = setUp();
    const started = station.start();
    await clock.advanceAsync(0);
    await started;
    store.answer = (request) =>
      decidedNow(request, request.event.opUserId === ALICE ? 'applied' : 'insufficient_balance', {
        generation: store.generation,
      });
    await station.handlers.changeAssets({ events: [message({ id: 1 }), message({ id: 2, amount: -1n })] });
    store.answer = (request) => ({
      ...decidedNow(request, 'applied', { generation: store.generation }),
      pending: undefined,
      duplicate: true,
    });
    await station.handlers.changeAssets({ events: [message({ id: 1 })] });
    store.answer = () => ({ kind: 'reused', pending: undefined });
    await station.handlers.changeAssets({ events: [message({ id: 1 })] });
    expect(shown()).toMatchObject({
      'station.events applied': 1,
      'station.events duplicate': 1,
      'station.events invalid': 1,
      'station.events event_id_reused': 1,
      'station.events unknown': 0,
    });
    await station.close();
  });

  it('shows what waits, recoveries, and what the store does not tell not at all', async () => {
    const { clock, store, log, station, shown } = setUp();
    store.lost = SHARDS.allShards();
    expect(shown()).toMatchObject({ 'station.store.recovering': 0, 'station.store.recoveries': 0 });
    log.trouble = () => {
      throw new Error('disk full');
    };
    const started = station.start();
    await clock.advanceAsync(500);
    expect(shown()).toMatchObject({ 'station.store.recovering': 1, 'station.log.failures': expect.any(Number) });
    expect(shown()['station.log.failures']).toBeGreaterThan(0);
    log.trouble = () => undefined;
    await clock.advanceAsync(5_000);
    await started;
    store.entries = [{ ...sampleDecided({ id: 1, from: ALICE, to: STAR, seq: 1 }), decidedAtMs: clock.nowMs() }];
    await clock.advanceAsync(5_000);
    // Asked once, so that the next answer is there.
    shown();
    await clock.advanceAsync(0);
    const seen = shown();
    expect(seen).toMatchObject({
      'station.store.recovering': 0,
      'station.store.recoveries': 1,
      'station.outbox.entries': 1,
      'station.notices.dropped': 0,
      'station.log.pending': 0,
      'station.log.failures': 0,
    });
    expect(seen['station.outbox.age']).toBeGreaterThanOrEqual(4);
    expect(seen['station.outbox.appended_again']).toBeGreaterThan(0);
    store.failing.set('outbox', new Error('away'));
    await clock.advanceAsync(1_000);
    expect(shown()).not.toHaveProperty('station.outbox.age');
    await station.close();
  });
});

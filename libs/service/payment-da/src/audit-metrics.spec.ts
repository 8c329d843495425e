import { SimulatedClock } from '@giftmesh/kernel-time';
import { MetricsRegistry } from '@giftmesh/mesh-telemetry';
import { AuditReadings, observeAudit } from './audit-metrics';

describe('observeAudit', () => {
  it('shows what the last audit found and when, nothing before the first, and what failed', () => {
    const clock = new SimulatedClock();
    const readings = new AuditReadings(clock);
    const registry = new MetricsRegistry();
    observeAudit(readings, registry);
    const shown = () =>
      Object.fromEntries(
        registry
          .snapshot()
          .flatMap(({ name, points }) => points.map((point) => [name, 'value' in point ? point.value : NaN])),
      );
    expect(shown()).toEqual({ 'da.audit.failures': 0 });
    readings.reported({ differenceCount: 3 });
    const firstS = clock.nowMs() / 1_000;
    clock.advance(60_000);
    readings.failed();
    expect(shown()).toEqual({
      'da.audit.failures': 1,
      'da.audit.differences': 3,
      'da.audit.last_success': firstS,
    });
    readings.reported({ differenceCount: 0 });
    expect(shown()).toMatchObject({ 'da.audit.differences': 0, 'da.audit.last_success': firstS + 60 });
  });
});

import { MetricsRegistry } from '@giftmesh/mesh-telemetry';
import { processMetrics } from './process-metrics';

describe('processMetrics', () => {
  it('shows what the process has used, and counters only grow', () => {
    const registry = new MetricsRegistry();
    processMetrics(registry);
    const shown = (): Record<string, number> =>
      Object.fromEntries(
        registry
          .snapshot()
          .flatMap(({ name, points }) =>
            points.map((point) => [[name, ...point.labels].join(' '), 'value' in point ? point.value : NaN]),
          ),
      );
    const before = shown();
    expect(Object.keys(before).sort()).toEqual([
      'nodejs.eventloop.time active',
      'nodejs.eventloop.time idle',
      'process.cpu.time system',
      'process.cpu.time user',
      'process.memory.usage',
      'process.uptime',
    ]);
    const busyUntilMs = performance.now() + 30;
    while (performance.now() < busyUntilMs) JSON.stringify(before);
    const after = shown();
    expect(after['process.cpu.time user']).toBeGreaterThan(before['process.cpu.time user'] as number);
    expect(after['process.uptime']).toBeGreaterThanOrEqual((before['process.uptime'] as number) + 0.03);
    // A page of memory at least, and less than a machine has.
    expect(after['process.memory.usage']).toBeGreaterThan(1e6);
    expect(after['process.memory.usage']).toBeLessThan(1e12);
  });
});

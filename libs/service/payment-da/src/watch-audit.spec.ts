import { SimulatedClock } from '@giftmesh/kernel-time';
import { MetricsRegistry } from '@giftmesh/mesh-telemetry';
import { watchAudit } from './watch-audit';

function setUp(intervalMs: number) {
  const clock = new SimulatedClock();
  const metrics = new MetricsRegistry();
  const logged: unknown[] = [];
  const outcomes = [
    () => Promise.resolve({ differenceCount: 0, accounts: 2, events: 5 }),
    () => Promise.resolve({ differenceCount: 1, accounts: 2, events: 6 }),
    () => Promise.reject(new Error('away')),
  ];
  let audits = 0;
  const stop = watchAudit({
    clock,
    intervalMs,
    audit: () => (outcomes[audits++] as (typeof outcomes)[number])(),
    metrics,
    log: {
      info: (fields, message) => logged.push(['info', fields, message]),
      error: (fields, message) => logged.push(['error', fields, message]),
    },
  });
  const names = () => metrics.snapshot().flatMap(({ name, points }) => points.map(() => name));
  return { clock, logged, names, stop, audits: () => audits };
}

describe('watchAudit', () => {
  it('shows and logs what each audit has found, differences and failures as errors', async () => {
    const { clock, logged, names, stop, audits } = setUp(1_000);
    await clock.advanceAsync(3_500);
    expect(logged).toEqual([
      ['info', { differenceCount: 0, accounts: 2, events: 5 }, 'audited the ledger'],
      ['error', { differenceCount: 1, accounts: 2, events: 6 }, 'audited the ledger'],
      ['error', { err: new Error('away') }, 'the ledger could not be audited'],
    ]);
    expect(names()).toContain('da.audit.differences');
    stop();
    await clock.advanceAsync(5_000);
    expect(audits()).toBe(3);
  });

  it('makes none where none is wanted, and shows that none was', async () => {
    const { clock, logged, names, audits } = setUp(0);
    await clock.advanceAsync(100_000);
    expect([audits(), logged, names()]).toEqual([0, [], ['da.audit.failures']]);
  });
});

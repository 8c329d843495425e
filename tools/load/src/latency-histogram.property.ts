import fc from 'fast-check';
import { LatencyHistogram } from './latency-histogram';

describe('LatencyHistogram', () => {
  it('gives every quantile within 1.6 % of the sorted list', () => {
    const latenciesUs = fc.array(fc.oneof(fc.nat(200), fc.nat(100_000), fc.nat(60_000_000)), {
      minLength: 1,
      maxLength: 300,
    });
    fc.assert(
      fc.property(latenciesUs, fc.double({ min: 0, max: 1, noNaN: true }), (valuesUs, quantile) => {
        const histogram = new LatencyHistogram();
        for (const us of valuesUs) histogram.record(us / 1000);
        const sorted = [...valuesUs].sort((a, b) => a - b);
        const exactUs = sorted[Math.max(1, Math.ceil(quantile * sorted.length)) - 1] ?? 0;
        const gotUs = histogram.quantileMs(quantile) * 1000;
        expect(gotUs).toBeGreaterThanOrEqual(exactUs - 1e-6);
        expect(gotUs).toBeLessThanOrEqual(exactUs * 1.016 + 1e-6);
      }),
    );
  });

  it('counts, means and keeps the longest exactly', () => {
    const histogram = new LatencyHistogram();
    histogram.record(1);
    histogram.record(3, 3);
    expect(histogram.count).toBe(4);
    expect(histogram.summary()).toMatchObject({ meanMs: 2.5, maxMs: 3 });
  });

  it('puts what is longer than it can tell apart into its last bucket, and is empty at first', () => {
    const histogram = new LatencyHistogram();
    expect(histogram.summary()).toEqual({ meanMs: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, p999Ms: 0, maxMs: 0 });
    histogram.record(1e12);
    histogram.record(-1);
    expect(histogram.count).toBe(2);
    expect(histogram.summary().maxMs).toBe(1e12);
  });
});

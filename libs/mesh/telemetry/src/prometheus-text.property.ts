import fc from 'fast-check';
import { expositionFormat, MetricsRegistry, prometheusText } from './index';
import { readPrometheus } from './testing/read-prometheus';

const labelValue = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\\', '"', '\n', '\\n', '{}', 'a="b",', ''));

describe('prometheusText', () => {
  it('can be read back by the grammar, whatever labels and help say', () => {
    const counts = fc.uniqueArray(fc.tuple(labelValue, fc.nat()), { maxLength: 10, selector: ([label]) => label });
    const values = fc.array(fc.double({ noNaN: true }), { maxLength: 20 });
    const format = fc.constantFrom('text' as const, 'openmetrics' as const);
    fc.assert(
      fc.property(counts, values, fc.string({ unit: 'binary' }), format, (counted, observed, help, as) => {
        const registry = new MetricsRegistry();
        const counter = registry.counter({ name: 'test.things', help, labels: ['some.label'] });
        for (const [label, count] of counted) counter.with(label).add(count);
        const sizes = registry.histogram({ name: 'test.size', unit: 'By', help, labels: ['l'], bounds: [0, 1, 1e9] });
        for (const value of observed) sizes.with('"').observe(value);
        const { types, samples } = readPrometheus(prometheusText(registry.snapshot(), as));
        expect(types.get('test_size_bytes')).toBe('histogram');
        expect(types.get(as === 'text' ? 'test_things_total' : 'test_things')).toBe('counter');
        expect(samples.filter(({ name }) => name === 'test_things_total')).toEqual(
          counted.map(([label, value]) => ({ name: 'test_things_total', labels: { some_label: label }, value })),
        );
        const bytes = samples.filter(({ name }) => name === 'test_size_bytes_count');
        expect(bytes.map(({ value }) => value)).toEqual(observed.length === 0 ? [] : [observed.length]);
      }),
    );
  });

  it('is written as Prometheus writes it itself', () => {
    const registry = new MetricsRegistry();
    registry
      .counter({ name: 'test.things', help: 'Things,\nall of them.', labels: ['kind'] })
      .with('a "b"\\')
      .add(2);
    registry.gauge({ name: 'test.level', help: 'Level.' }, (report) => report([], Infinity));
    registry
      .histogram({ name: 'test.time', unit: 's', help: 'Time.', bounds: [0.5, 1] })
      .with()
      .observe(0.75);
    expect(prometheusText(registry.snapshot())).toBe(`# HELP test_level Level.
# TYPE test_level gauge
test_level +Inf
# HELP test_things_total Things,\\nall of them.
# TYPE test_things_total counter
test_things_total{kind="a \\"b\\"\\\\"} 2
# HELP test_time_seconds Time.
# TYPE test_time_seconds histogram
test_time_seconds_bucket{le="0.5"} 0
test_time_seconds_bucket{le="1"} 1
test_time_seconds_bucket{le="+Inf"} 1
test_time_seconds_sum 0.75
test_time_seconds_count 1
`);
    const open = prometheusText(registry.snapshot(), 'openmetrics');
    expect(open).toContain('# TYPE test_things counter\ntest_things_total{');
    expect(open).toContain('# TYPE test_time_seconds histogram\n# UNIT test_time_seconds seconds\n');
    expect(open.endsWith('\n# EOF\n')).toBe(true);
    expect([prometheusText([]), prometheusText([], 'openmetrics')]).toEqual(['', '# EOF\n']);
  });

  it.each([
    [undefined, 'text'],
    ['*/*', 'text'],
    ['text/plain;version=0.0.4', 'text'],
    ['application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3', 'openmetrics'],
    ['Application/OpenMetrics-Text', 'openmetrics'],
    ['application/openmetrics-text; version=2.0.0', 'text'],
    ['application/openmetrics-text;q=0,text/plain', 'text'],
    [';;;,,,q==', 'text'],
  ])('is asked for as %p', (accept, format) => {
    expect(expositionFormat(accept)).toBe(format);
  });

  it('never throws at an Accept header', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (accept) =>
        expect(expositionFormat(accept)).toMatch(/text|openmetrics/),
      ),
    );
  });
});

import { MetricsRegistry, OTHER, SERIES_MAX } from './index';

const spec = { name: 'test.things', help: 'Things.', labels: ['kind'] };

describe('MetricsRegistry', () => {
  it('shows what was counted, sorted by name', () => {
    const registry = new MetricsRegistry();
    registry.counter(spec).with('a').add(2);
    registry.counter(spec).with('b').add();
    registry.counter(spec).with('a').add();
    registry
      .histogram({ name: 'test.size', unit: 'By', help: 'Sizes.', bounds: [1, 10] })
      .with()
      .observe(5);
    registry.gauge({ name: 'test.level', help: 'Level.' }, (report) => report([], 3));
    expect(registry.snapshot()).toEqual([
      {
        name: 'test.level',
        help: 'Level.',
        unit: undefined,
        type: 'gauge',
        labels: [],
        points: [{ labels: [], value: 3 }],
      },
      {
        name: 'test.size',
        help: 'Sizes.',
        unit: 'By',
        type: 'histogram',
        labels: [],
        points: [{ labels: [], bounds: [1, 10], counts: [0, 1, 0], sum: 5, count: 1 }],
      },
      {
        name: 'test.things',
        help: 'Things.',
        unit: undefined,
        type: 'counter',
        labels: ['kind'],
        points: [
          { labels: ['a'], value: 3 },
          { labels: ['b'], value: 1 },
        ],
      },
    ]);
  });

  it('bounds the series of a metric; all others are one', () => {
    const registry = new MetricsRegistry();
    const things = registry.counter(spec);
    for (let index = 0; index < SERIES_MAX + 10; index += 1) things.with(`kind ${index}`).add();
    const points = registry.snapshot()[0]?.points ?? [];
    expect(points).toHaveLength(SERIES_MAX + 1);
    expect(points.at(-1)).toEqual({ labels: [OTHER], value: 10 });
    things.with('kind 0').add();
    expect(registry.snapshot()[0]?.points[0]).toEqual({ labels: ['kind 0'], value: 2 });
  });

  it('tells labels apart that read alike when put together', () => {
    const registry = new MetricsRegistry();
    const pairs = registry.counter({ ...spec, labels: ['a', 'b'] });
    pairs.with('1:x', 'y').add();
    pairs.with('1:x1:y', '').add();
    pairs.with('', '1:x1:y').add();
    expect(registry.snapshot()[0]?.points).toHaveLength(3);
    expect(() => pairs.with('one')).toThrow('test.things has 2 labels, got 1 values');
  });

  it('adds up gauges of several observers, and survives one that fails', () => {
    const registry = new MetricsRegistry();
    registry.gauge(spec, (report) => report(['a'], 1));
    registry.gauge(spec, () => {
      throw new Error('gone');
    });
    registry.gauge(spec, (report) => {
      report(['a'], 2);
      report(['b'], -1);
    });
    expect(registry.snapshot()[0]?.points).toEqual([
      { labels: ['a'], value: 3 },
      { labels: ['b'], value: -1 },
    ]);
    registry.observedCounter({ name: 'test.seen', help: '' }, (report) => report([], 7));
    expect(registry.snapshot()[0]).toMatchObject({ type: 'counter', points: [{ value: 7 }] });
  });

  it.each([
    [{ ...spec, name: '' }, `not a metric's name: ""`],
    [{ ...spec, name: '1things' }, `not a metric's name: "1things"`],
    [{ ...spec, name: 'things{}' }, `not a metric's name: "things{}"`],
    [{ ...spec, name: 'a..b' }, `not a metric's name: "a..b"`],
    [{ ...spec, labels: ['le'] }, `not a label's name: "le"`],
    [{ ...spec, labels: ['a b'] }, `not a label's name: "a b"`],
    [{ ...spec, labels: ['a.b', 'a_b'] }, 'labels must differ: a.b, a_b'],
  ])('refuses %j', (bad, message) => {
    expect(() => new MetricsRegistry().counter(bad)).toThrow(new TypeError(message));
    expect(() => new MetricsRegistry().gauge(bad, () => undefined)).toThrow(new TypeError(message));
  });

  it('refuses two metrics of one name, also if it is one in Prometheus only', () => {
    const registry = new MetricsRegistry();
    registry.counter({ name: 'test.time', unit: 's', help: '' });
    for (const other of [
      { name: 'test.time', unit: 's', help: '', labels: ['a'] },
      { name: 'test.time.seconds', help: '' },
      { name: 'test_time', unit: 's', help: '' },
    ]) {
      expect(() => registry.counter(other)).toThrow('is there already');
    }
    expect(() => registry.gauge({ name: 'test.time', unit: 's', help: '' }, () => undefined)).toThrow(
      'is there already',
    );
  });
});

import fc from 'fast-check';
import { seededRandom } from '@giftmesh/kernel-random';
import { TraceSampler } from './sampling-decider';
import { TraceIds } from './trace-ids';

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const ratio = fc.double({ min: 0, max: 1, noNaN: true });

describe('TraceSampler', () => {
  it('records with a higher ratio all that a lower one does', () => {
    fc.assert(
      fc.property(word, word, ratio, ratio, (low, lowest, a, b) => {
        const [less, more] = [new TraceSampler({ ratio: Math.min(a, b) }), new TraceSampler({ ratio: Math.max(a, b) })];
        if (less.isSampled('/a/B', low, lowest)) expect(more.isSampled('/a/B', low, lowest)).toBe(true);
        expect(new TraceSampler({ ratio: 0 }).isSampled('/a/B', low, lowest)).toBe(false);
        expect(new TraceSampler({ ratio: 1 }).isSampled('/a/B', low, lowest)).toBe(true);
      }),
    );
  });

  it('records about the share that was asked for', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(0.01, 0.25, 0.9), (seed, share) => {
        const ids = new TraceIds(seededRandom(seed));
        const sampler = new TraceSampler({ ratio: share });
        let recorded = 0;
        for (let index = 0; index < 4_000; index += 1) {
          if (sampler.isSampled('/a/B', ids.word(), ids.word())) recorded += 1;
        }
        // Six standard deviations.
        expect(Math.abs(recorded - 4_000 * share)).toBeLessThan(6 * Math.sqrt(4_000 * share * (1 - share)));
      }),
      { numRuns: 20 },
    );
  });

  it('has shares of their own for methods', () => {
    const sampler = new TraceSampler({ ratio: 0, methods: { '/a/Always': 1 } });
    expect([sampler.isSampled('/a/Always', 2 ** 32 - 1, 2 ** 32 - 1), sampler.isSampled('/a/Never', 0, 0)]).toEqual([
      true,
      false,
    ]);
    expect(sampler.state()).toEqual({ ratio: 0, methods: 1 });
  });

  it.each([
    [{ ratio: -0.1 }, 'ratio must be from 0 to 1, got -0.1'],
    [{ ratio: 1.1 }, 'ratio must be from 0 to 1, got 1.1'],
    [{ ratio: NaN }, 'ratio must be from 0 to 1, got NaN'],
    [{ ratio: '1' as unknown as number }, 'ratio must be from 0 to 1, got 1'],
    [{ ratio: 1, methods: { 'a.B/C': 1 } }, 'methods must be paths like /package.Service/Method, got a.B/C'],
    [{ ratio: 1, methods: { '/a.B/C': 2 } }, "methods['/a.B/C'] must be from 0 to 1, got 2"],
  ])('refuses %j, and keeps what it had', (options, message) => {
    expect(() => new TraceSampler(options)).toThrow(message);
    const sampler = new TraceSampler({ ratio: 0.5 });
    expect(() => sampler.configure(options)).toThrow(message);
    expect(sampler.state()).toEqual({ ratio: 0.5, methods: 0 });
    sampler.configure({ ratio: 0.75 });
    expect(sampler.state()).toEqual({ ratio: 0.75, methods: 0 });
  });
});

describe('TraceIds', () => {
  it('makes ids that are never all 0, with the lower half that was decided by', () => {
    const zeros = { ...seededRandom(1), next: () => 0 };
    const ids = new TraceIds(zeros);
    expect([ids.generateTraceId(), ids.generateSpanId()]).toEqual([`${'0'.repeat(31)}1`, `${'0'.repeat(15)}1`]);
    fc.assert(
      fc.property(fc.integer(), word, word, (seed, low, lowest) => {
        const id = new TraceIds(seededRandom(seed)).traceIdOf(low, lowest);
        expect(id).toMatch(/^[0-9a-f]{32}$/);
        expect([parseInt(id.slice(16, 24), 16), parseInt(id.slice(24), 16)]).toEqual([low, lowest]);
      }),
    );
  });
});

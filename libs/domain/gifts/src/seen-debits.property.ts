import fc from 'fast-check';
import { DEBIT_RUNS_MAX, SeenDebits } from './seen-debits';

const orders = fc.array(fc.integer({ min: 1, max: 14 }), { maxLength: 60 });

describe('SeenDebits', () => {
  it('remembers like a set, whatever the order', () => {
    fc.assert(
      fc.property(orders, (seqs) => {
        const seen = new SeenDebits();
        const all = new Set<number>();
        for (const seq of seqs) {
          expect(seen.add(seq)).toBe(!all.has(seq));
          all.add(seq);
        }
        const inRuns = seen.runs.flatMap(([first, last]) =>
          Array.from({ length: last - first + 1 }, (_, index) => first + index),
        );
        expect(inRuns).toEqual([...all].sort((a, b) => a - b));
        seen.runs.forEach(([first], index) => expect(first).toBeGreaterThan((seen.runs[index - 1]?.[1] ?? -1) + 1));
      }),
    );
  });

  it('goes on from what was kept', () => {
    fc.assert(
      fc.property(orders, orders, (before, after) => {
        const whole = new SeenDebits();
        for (const seq of before) whole.add(seq);
        const kept = new SeenDebits(JSON.parse(JSON.stringify(whole.runs)) as [number, number][]);
        for (const seq of after) expect(kept.add(seq)).toBe(whole.add(seq));
      }),
    );
  });

  it('keeps few runs, and takes the oldest gap for filled beyond that', () => {
    const seen = new SeenDebits();
    for (let seq = 1; seq <= 2 * DEBIT_RUNS_MAX; seq += 2) seen.add(seq);
    expect(seen.runs).toHaveLength(DEBIT_RUNS_MAX);
    expect(seen.add(100)).toBe(true);
    expect(seen.runs).toHaveLength(DEBIT_RUNS_MAX);
    expect(seen.runs[0]).toEqual([1, 3]);
    expect(seen.add(2)).toBe(false);
    expect(seen.add(4)).toBe(true);
  });
});

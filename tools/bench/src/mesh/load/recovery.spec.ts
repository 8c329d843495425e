import { recoveryMs } from './recovery';

describe('recoveryMs', () => {
  const sent = Array.from({ length: 20 }, () => 20);
  const series = (ok: readonly number[]) => ({ binMs: 100, sent, ok: sent.map((_, bin) => ok[bin] ?? 20) });

  it.each<[string, readonly number[], number]>([
    ['was never away', [], 0],
    ['comes back after three bins', [0, 0, 0], 300],
    ['comes back by and by', [0, 5, 10, 15], 300],
    ['loses a call now and then', [0, 19, 20, 19, 20, 19], 100],
    ['comes back, and goes once more', [0, 20, 20, 20, 20, 20, 20, 20, 0], 900],
    ['never comes back', sent.map(() => 0), 2000],
    ['answers 94 % for ever', sent.map(() => 18.8), 2000],
  ])('of a service that %s', (_, ok, expected) => {
    expect(recoveryMs(series(ok), 0, 2000)).toBe(expected);
  });

  it('looks at nothing before and behind', () => {
    expect(recoveryMs(series([0, 0, 0, 20, 20, 20, 20, 20, 20, 20, 0, 0]), 300, 1000)).toBe(0);
  });

  it('takes silence for no loss', () => {
    expect(recoveryMs({ binMs: 100, sent: sent.map(() => 0), ok: sent.map(() => 0) }, 0, 2000)).toBe(0);
  });
});

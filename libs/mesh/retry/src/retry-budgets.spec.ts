import { RetryBudgets } from './retry-budgets';
import { bench } from './testing/kit';

describe('RetryBudgets', () => {
  it('keeps no more budgets than it may', () => {
    const budgets = new RetryBudgets({ targetsMax: 2, targetOf: (call) => call.method, ratio: 1, floorPerSecond: 0 });
    const { newCall } = bench(() => [], [{}]);
    const of = (method: string) => budgets.of(newCall({ method }));
    of('/a').deposit(0);
    of('/b').deposit(0);
    expect(budgets.state(0)).toMatchObject({ targets: 2, 'balance /a': 1, 'balance /b': 1, ratio: 1 });
    of('/c');
    expect(budgets.state(0)).toMatchObject({ targets: 2, 'balance /b': 1, 'balance /c': 0 });
    const many = new RetryBudgets({ targetOf: (call) => call.method });
    for (let index = 0; index < 30; index += 1) many.of(newCall({ method: `/m${index}` }));
    const shown = Object.keys(many.state(0)).filter((name) => name.startsWith('balance '));
    expect([many.state(0)['targets'], shown.length]).toEqual([30, 20]);
    expect(() => new RetryBudgets({ targetsMax: 0 })).toThrow('targetsMax must be an integer, 1 to 100000, got 0');
    expect(() => budgets.configure({ ratio: 2 })).toThrow('ratio must be 0 to 1, got 2');
    expect(budgets.state(0)).toMatchObject({ ratio: 1 });
  });
});

import fc from 'fast-check';
import { BUDGET_BUCKETS, RetryBudget } from './retry-budget-decider';

const options = fc.record({
  ratio: fc.double({ min: 0, max: 1, noNaN: true }),
  floorPerSecond: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 20, noNaN: true })),
  ttlMs: fc.integer({ min: 1_000, max: 20_000 }),
});
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('deposit' as const), times: fc.integer({ min: 1, max: 60 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('withdraw' as const), times: fc.integer({ min: 1, max: 60 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.double({ min: 0, max: 8_000, noNaN: true }) }),
  },
);

describe('RetryBudget', () => {
  it('gives, over any stretch of time, no more than the ratio of its first calls and the floor', () => {
    fc.assert(
      fc.property(
        options,
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        fc.array(step, { maxLength: 60 }),
        (given, startMs, steps) => {
          const budget = new RetryBudget(given);
          const deposits: number[] = [];
          const withdrawals: number[] = [];
          let nowMs = startMs;
          for (const one of steps) {
            if (one.kind === 'wait') nowMs += one.ms;
            else if (one.kind === 'deposit') {
              for (let time = 0; time < one.times; time += 1) {
                budget.deposit(nowMs);
                deposits.push(nowMs);
              }
            } else {
              for (let time = 0; time < one.times; time += 1) {
                const before = budget.balance(nowMs);
                const got = budget.tryWithdraw(nowMs);
                // Whoever asks gets one exactly when there is one.
                expect(got).toBe(before >= 1);
                if (got) withdrawals.push(nowMs);
              }
            }
            expect(budget.balance(nowMs)).toBeGreaterThanOrEqual(0);
            expect(budget.balance(nowMs)).toBeLessThan(Infinity);
          }
          const bucketOf = (ms: number): number => Math.floor(ms / (given.ttlMs / BUDGET_BUCKETS));
          const among = (times: number[], from: number, to: number): number =>
            times.filter((ms) => bucketOf(ms) >= from && bucketOf(ms) <= to).length;
          const edges = [...new Set(withdrawals.map(bucketOf))];
          for (const from of edges) {
            for (const to of edges.filter((edge) => edge >= from)) {
              // Cut backwards into windows of the TTL: each of them holds by itself.
              const windows = Math.ceil((to - from + 1) / BUDGET_BUCKETS);
              const firstCalls = among(deposits, to - windows * BUDGET_BUCKETS + 1, to);
              const floor = (given.floorPerSecond * given.ttlMs * windows) / 1_000;
              expect(among(withdrawals, from, to)).toBeLessThanOrEqual(given.ratio * firstCalls + floor + 1e-6);
            }
          }
        },
      ),
    );
  });

  it('gives more for a greater ratio or floor, and more when more was paid in', () => {
    const count = (budget: RetryBudget, firstCalls: number): number => {
      for (let index = 0; index < firstCalls; index += 1) budget.deposit(5);
      let taken = 0;
      while (budget.tryWithdraw(5)) taken += 1;
      return taken;
    };
    const smaller = fc.record({
      ratio: fc.double({ min: 0, max: 0.5, noNaN: true }),
      floorPerSecond: fc.double({ min: 0, max: 5, noNaN: true }),
      calls: fc.nat(100),
    });
    fc.assert(
      fc.property(
        smaller,
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        fc.nat(50),
        ({ ratio, floorPerSecond, calls }, more, moreCalls) => {
          const base = count(new RetryBudget({ ratio, floorPerSecond }), calls);
          expect(count(new RetryBudget({ ratio: ratio + more, floorPerSecond }), calls)).toBeGreaterThanOrEqual(base);
          expect(
            count(new RetryBudget({ ratio, floorPerSecond: floorPerSecond + more }), calls),
          ).toBeGreaterThanOrEqual(base);
          expect(count(new RetryBudget({ ratio, floorPerSecond }), calls + moreCalls)).toBeGreaterThanOrEqual(base);
        },
      ),
    );
  });

  it('forgets what is older than its TTL, and is then what it was when new', () => {
    fc.assert(
      fc.property(
        options,
        fc.nat(200),
        fc.nat(200),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        (given, firstCalls, retries, nowMs) => {
          const budget = new RetryBudget(given);
          for (let index = 0; index < firstCalls; index += 1) budget.deposit(nowMs);
          for (let index = 0; index < retries; index += 1) budget.tryWithdraw(nowMs);
          const laterMs = nowMs + given.ttlMs + 1;
          expect(budget.balance(laterMs)).toBeCloseTo(new RetryBudget(given).balance(laterMs), 6);
        },
      ),
    );
  });
});

describe('RetryBudget, by example', () => {
  it('gives a fifth of the first calls, and two a second', () => {
    const budget = new RetryBudget();
    expect(budget.balance(0)).toBeCloseTo(20);
    for (let index = 0; index < 100; index += 1) budget.deposit(0);
    expect(budget.balance(0)).toBeCloseTo(40);
    for (let index = 0; index < 40; index += 1) expect(budget.tryWithdraw(9_999)).toBe(true);
    expect(budget.tryWithdraw(9_999)).toBe(false);
  });

  it('makes one whole retry of ten tenths', () => {
    const budget = new RetryBudget({ ratio: 0.1, floorPerSecond: 0 });
    for (let index = 0; index < 9; index += 1) budget.deposit(0);
    expect(budget.tryWithdraw(0)).toBe(false);
    budget.deposit(0);
    expect([budget.tryWithdraw(0), budget.tryWithdraw(0)]).toEqual([true, false]);
  });

  it('counts a first call until its tenth of the TTL is ten tenths old', () => {
    const budget = new RetryBudget({ ratio: 1, floorPerSecond: 0 });
    budget.deposit(1_999);
    expect([budget.balance(10_999), budget.balance(11_000)].map(Math.floor)).toEqual([1, 0]);
  });

  it('takes a time that goes back for the latest it saw', () => {
    const budget = new RetryBudget({ ratio: 1, floorPerSecond: 0 });
    budget.deposit(50_000);
    budget.deposit(0);
    expect(Math.floor(budget.balance(50_000))).toBe(2);
  });

  it('has no debts left when retries outlive the first calls that paid for them', () => {
    const budget = new RetryBudget({ ratio: 1, floorPerSecond: 0 });
    budget.deposit(0);
    budget.tryWithdraw(9_000);
    expect(budget.balance(10_500)).toBe(0);
    budget.deposit(19_500);
    expect(budget.tryWithdraw(19_500)).toBe(true);
  });

  it('can be changed while it runs; another TTL begins anew', () => {
    const budget = new RetryBudget({ ratio: 0.5, floorPerSecond: 0 });
    for (let index = 0; index < 10; index += 1) budget.deposit(0);
    budget.configure({ ratio: 1 });
    expect(Math.floor(budget.balance(0))).toBe(10);
    budget.configure({ ttlMs: 5_000, floorPerSecond: 1 });
    expect(Math.floor(budget.balance(0))).toBe(5);
    expect(() => budget.configure({ ratio: 0.1, floorPerSecond: -1 })).toThrow(
      'floorPerSecond must be 0 to 10000, got -1',
    );
    expect(budget.options).toEqual({ ratio: 1, floorPerSecond: 1, ttlMs: 5_000 });
  });

  it.each([
    [{ ratio: -0.1 }, 'ratio must be 0 to 1, got -0.1'],
    [{ ratio: 1.1 }, 'ratio must be 0 to 1, got 1.1'],
    [{ ratio: NaN }, 'got NaN'],
    [{ ratio: '0.2' as never }, 'got 0.2'],
    [{ floorPerSecond: -1 }, 'floorPerSecond must be 0 to 10000, got -1'],
    [{ floorPerSecond: Infinity }, 'got Infinity'],
    [{ ttlMs: 999 }, 'ttlMs must be 1000 to 60000, got 999'],
    [{ ttlMs: 60_001 }, 'got 60001'],
  ])('refuses %j', (given, message) => {
    expect(() => new RetryBudget(given)).toThrow(message);
  });
});

import fc from 'fast-check';
import { StatusCode } from '@giftmesh/kernel-errors';
import type { Failure } from './failure-decider';
import { HedgeDecider, HedgeRules, type HedgeStep } from './hedge-decider';
import { parsePushback } from './pushback';
import { RetryBudget } from './retry-budget-decider';
import { RetryDecider } from './retry-decider';
import { failure } from './testing/kit';

const failures: fc.Arbitrary<Failure> = fc.record({
  error: fc
    .record({
      code: fc.constantFrom(...Object.values(StatusCode).filter((code) => code !== StatusCode.OK)),
      reason: fc.constantFrom('AWAY', 'OVERLOADED', 'CIRCUIT_OPEN', 'RATE_LIMITED'),
      retryDelayMs: fc.option(fc.double({ min: 0, max: 1e9 })),
    })
    .map(({ code, reason, retryDelayMs }) =>
      failure({ code, reason, ...(retryDelayMs === null ? {} : { retryDelayMs }) }),
    ),
  pushback: fc
    .option(fc.oneof(fc.integer({ min: -10, max: 5_000 }).map(String), fc.string()))
    .map((text) => parsePushback(text ?? undefined)),
  idempotency: fc.constantFrom('unknown' as const, 'idempotent' as const, 'no-side-effects' as const),
  ownTimeout: fc.boolean(),
});
const passing: fc.Arbitrary<Failure> = fc.constant({
  error: failure(),
  pushback: { kind: 'none' },
  idempotency: 'idempotent',
  ownTimeout: false,
});
const remaining = fc.oneof(fc.constant(Infinity), fc.double({ min: 0, max: 20_000, noNaN: true }));
const limits = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 10 }),
  minUsefulMs: fc.double({ min: 0, max: 100, noNaN: true }),
  waitMaxMs: fc.double({ min: 0, max: 20_000, noNaN: true }),
});

describe('RetryDecider', () => {
  it('retries only what may be, within the time, when the server wants it, and pays for it', () => {
    const tried = fc.record({
      attempts: fc.integer({ min: 1, max: 12 }),
      remainingMs: remaining,
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    });
    fc.assert(
      fc.property(limits, fc.oneof(failures, passing), tried, (options, failed, rest) => {
        const budget = new RetryBudget();
        const decision = new RetryDecider(options).decide({ ...failed, ...rest }, budget, 0);
        const paid = Math.abs(Math.round(20 - budget.balance(0)));
        if (decision.kind === 'give-up') return expect(paid).toBe(0);
        const { pushback, error, idempotency } = failed;
        expect(paid).toBe(1);
        expect(rest.attempts).toBeLessThan(options.maxAttempts);
        expect(pushback.kind).not.toBe('never');
        expect(idempotency !== 'unknown' || pushback.kind === 'after').toBe(true);
        expect(decision.afterMs).toBeGreaterThanOrEqual(0);
        expect(decision.afterMs).toBeLessThanOrEqual(options.waitMaxMs);
        expect(decision.afterMs + options.minUsefulMs).toBeLessThanOrEqual(rest.remainingMs);
        if (pushback.kind === 'after') expect(decision.afterMs).toBe(pushback.delayMs);
        else expect(decision.afterMs).toBeGreaterThanOrEqual(error.retryDelayMs ?? 0);
      }),
    );
  });
});

describe('HedgeDecider', () => {
  it('never sends too many, pays for each but the first, obeys a no, and always comes to an end', () => {
    const event = fc.record({
      due: fc.boolean(),
      failed: fc.oneof({ weight: 1, arbitrary: failures }, { weight: 2, arbitrary: passing }),
    });
    const funds = fc.nat(10).map((floor) => new RetryBudget({ ratio: 0, floorPerSecond: floor / 10 }));
    fc.assert(
      fc.property(
        limits,
        funds,
        remaining,
        fc.array(event, { minLength: 25, maxLength: 25 }),
        (options, budget, remainingMs, events) => {
          const decider = new HedgeDecider(new HedgeRules(options));
          const moment = { nowMs: 0, remainingMs, budget };
          const before = budget.balance(0);
          let [open, planned, refused] = [1, decider.mayHedge, false];
          let step: HedgeStep | undefined;
          for (const { due, failed } of events) {
            if (due && !planned) continue;
            if (open === 0 && !planned) break;
            if (open === 0 || due) {
              planned = false;
              step = decider.due(moment);
            } else {
              open -= 1;
              step = decider.failed(failed, moment);
              refused ||= failed.pushback.kind === 'never';
            }
            if (refused) expect(['wait', 'fail']).toContain(step.kind);
            if (step.kind === 'send') {
              open += 1;
              planned = decider.mayHedge;
            } else if (step.kind === 'plan') {
              planned = true;
              expect(step.afterMs).toBeGreaterThan(0);
              expect(step.afterMs + options.minUsefulMs).toBeLessThanOrEqual(remainingMs);
            } else if (step.kind === 'wait') {
              planned = false;
              // Someone must still come.
              expect(open).toBeGreaterThan(0);
            } else break;
            expect(decider.sent).toBeLessThanOrEqual(options.maxAttempts);
          }
          expect(Math.round(before - budget.balance(0))).toBe(decider.sent - 1);
          // It is over exactly when it said so: with nothing open and nothing planned it must have.
          if (open === 0 && !planned) expect(step?.kind).toBe('fail');
        },
      ),
    );
  });
});

import { StatusCode, type StatusError } from '@giftmesh/kernel-errors';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { CallContext, runInCall, runOutsideCall, type Call } from '@giftmesh/mesh-context';
import { undeclaredPolicy } from '@giftmesh/mesh-policy';
import { hedgingPolicy } from './hedging-policy';
import { markNoRetry, noRetryUpward } from './no-retry-upward';
import { PUSHBACK_TRAILER } from './pushback';
import { RetryBudgets } from './retry-budgets';
import { retryPolicy } from './retry-policy';
import { bench, endOf, failure, type Behaviour } from './testing/kit';

const error = failure();
const trailerOf = (serving: CallContext): string | undefined => serving.trailers.get(PUSHBACK_TRAILER);
const newServing = (parent?: Call): CallContext =>
  new CallContext({
    method: '/shop.v1.Shop/Buy',
    policy: undeclaredPolicy({ requestStream: false, responseStream: false }),
    clock: new SimulatedClock(),
    parent,
  });

/** What a failed answer carries when the handler made a call of this kind to a backend of this kind. */
async function trailerAfter(
  kind: 'retry' | 'hedging' | 'stream',
  behaviours: Behaviour[],
  budgets = new RetryBudgets(),
  policy = {},
): Promise<string | undefined> {
  const serving = newServing();
  const { clock, make, stream, newCall } = bench(
    (simulated) => [
      kind === 'hedging' ? hedgingPolicy({ clock: simulated, budgets }) : retryPolicy({ clock: simulated, budgets }),
    ],
    behaviours,
  );
  const end = runInCall(serving, async () => {
    if (kind !== 'stream') return endOf(make(newCall(policy)));
    const read = async (): Promise<void> => {
      for await (const _ of stream(newCall({ responseStream: true, ...policy })));
    };
    return endOf(read());
  });
  await clock.advanceAsync(10_000);
  noRetryUpward().end?.(serving, (await end) as StatusError);
  return trailerOf(serving);
}

describe('noRetryUpward', () => {
  const AWAY: Behaviour = { error };
  const no: Behaviour = { error, pushback: '-1' };
  it.each<['retry' | 'hedging' | 'stream', string, Behaviour[], object, string | undefined]>([
    ['retry', 'a no', [no], {}, '-1'],
    ['retry', 'a no to a method that is not retried', [no], { idempotency: 'unknown' }, '-1'],
    ['retry', 'a no when the requests are consumed', [no], { requestStream: true }, '-1'],
    ['retry', 'a malformed pushback', [{ error, pushback: '?' }], {}, '-1'],
    ['retry', 'all tries', [AWAY], {}, '-1'],
    ['retry', 'an open circuit', [{ error: failure({ reason: 'CIRCUIT_OPEN' }) }], {}, '-1'],
    [
      'retry',
      'a failure that is not retried here, but may be further up',
      [AWAY],
      { idempotency: 'unknown' },
      undefined,
    ],
    ['retry', 'an answer', [{ error: failure({ code: StatusCode.NOT_FOUND }) }], {}, undefined],
    ['hedging', 'a no', [no], {}, '-1'],
    ['hedging', 'all tries', [AWAY], {}, '-1'],
    ['hedging', 'an answer', [{ error: failure({ code: StatusCode.NOT_FOUND }) }], {}, undefined],
    ['stream', 'a no', [no], {}, '-1'],
    ['stream', 'all tries', [AWAY], {}, '-1'],
    ['stream', 'a no in the middle', [{ ...no, answer: [1] }], {}, '-1'],
    ['stream', 'a failure in the middle', [{ ...AWAY, answer: [1] }], {}, undefined],
    ['stream', 'a no when the requests are consumed', [no], { requestStream: true }, '-1'],
  ])('of %s, after %s', async (kind, _what, behaviours, policy, expected) => {
    expect(await trailerAfter(kind, behaviours, undefined, policy)).toBe(expected);
  });

  it.each(['retry', 'hedging', 'stream'] as const)('of %s, after a budget that is spent', async (kind) => {
    expect(await trailerAfter(kind, [AWAY], new RetryBudgets({ ratio: 0, floorPerSecond: 0 }))).toBe('-1');
  });

  it('says nothing when the answer is good after all, and leaves what a handler said itself', () => {
    const [good, own] = [newServing(), newServing()];
    for (const serving of [good, own]) markNoRetry(serving);
    own.setTrailer(PUSHBACK_TRAILER, '300');
    noRetryUpward().end?.(good, undefined);
    noRetryUpward().end?.(own, error);
    expect([trailerOf(good), trailerOf(own)]).toEqual([undefined, '300']);
  });

  it('is of the call that was marked, not of those that it makes in this process', () => {
    const outer = newServing();
    const inner = newServing(outer);
    runInCall(outer, () => markNoRetry());
    noRetryUpward().end?.(inner, error);
    noRetryUpward().end?.(outer, error);
    expect([trailerOf(inner), trailerOf(outer)]).toEqual([undefined, '-1']);
  });

  it('does nothing outside of calls', () => {
    expect(() => runOutsideCall(() => markNoRetry())).not.toThrow();
  });
});

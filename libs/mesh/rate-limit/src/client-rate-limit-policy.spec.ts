import type { StatusError } from '@giftmesh/kernel-errors';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { OutgoingCall, wrapCall, wrapStream } from '@giftmesh/mesh-context';
import { clientRateLimitPolicy, metadataKey, type RateLimitRule } from './index';

const limit = { algorithm: 'token-bucket', permits: 1, windowMs: 1_000 } as const;
const undeclared = {
  deadlineMs: undefined,
  priority: 0,
  idempotency: 'unknown',
  requestStream: false,
  responseStream: false,
} as const;

function setup(rule: Partial<RateLimitRule> = {}) {
  const clock = new SimulatedClock();
  const words: string[] = [];
  const policy = clientRateLimitPolicy({
    name: 'quota',
    rules: [{ name: 'all', limit, ...rule }],
    clock,
    keys: { tenant: metadataKey('x-tenant') },
    onDecision: (name, word) => words.push(`${name} ${word}`),
  });
  let made = 0;
  const newCall = (metadata = {}): OutgoingCall =>
    new OutgoingCall({ method: '/a.B/C', policy: undeclared, clock, metadata });
  const make = wrapCall([policy], async () => (made += 1));
  const stream = wrapStream([policy], async function* () {
    yield (made += 1);
  });
  return { clock, policy, words, newCall, make, stream, made: () => made };
}

describe('clientRateLimitPolicy', () => {
  it('does not make calls beyond the limit, single or streaming', async () => {
    const { make, stream, newCall, words, made, clock } = setup();
    expect(await make(newCall(), {})).toBe(1);
    await expect(make(newCall(), {})).rejects.toMatchObject({ reason: 'RATE_LIMITED', retryDelayMs: 1_000 });
    await expect(stream(newCall(), {})[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      reason: 'RATE_LIMITED',
    });
    expect([made(), words]).toEqual([1, ['quota limited', 'quota limited']]);
    clock.advance(1_000);
    const seen: unknown[] = [];
    for await (const answer of stream(newCall(), {})) seen.push(answer);
    expect(seen).toEqual([2]);
  });

  it('paces calls where a rule lets them wait', async () => {
    const { make, newCall, clock, made, words } = setup({ maxWaitMs: 5_000 });
    const calls = [1, 2, 3].map(() => newCall());
    const outcomes = calls.map((call) => make(call, {}).catch((error: unknown) => (error as StatusError).reason));
    await clock.advanceAsync(500);
    expect(made()).toBe(1);
    calls[1]?.expire();
    await clock.advanceAsync(500);
    expect(await Promise.all(outcomes)).toEqual([1, 'DEADLINE_EXCEEDED', 2]);
    expect(words).toEqual(['quota waited']);
  });

  it('finds keys in what is sent', async () => {
    const { make, newCall, policy } = setup({ by: ['tenant'] });
    const outcomes = ['a', 'b', 'a'].map((tenant) =>
      make(newCall({ 'X-Tenant': tenant }), {}).catch((error: unknown) => (error as StatusError).reason),
    );
    expect(await Promise.all(outcomes)).toEqual([1, 2, 'RATE_LIMITED']);
    expect(policy.state()).toMatchObject({ 'all.keys': 2, 'all.allowed': 2, 'all.limited': 1 });
    policy.configure({ rules: [] });
    expect(await make(newCall(), {})).toBe(3);
  });
});

import { StatusCode, type StatusError } from '@giftmesh/kernel-errors';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { CallContext, metadataOf } from '@giftmesh/mesh-context';
import {
  metadataKey,
  rateLimitPolicy,
  RULES_MAX,
  SharedRateLimiter,
  type RateLimitPolicyOptions,
  type RateLimitRule,
  type RateLimitSettings,
} from './index';
import { MemoryRateLimitStore } from './testing';

const limit = { algorithm: 'token-bucket', permits: 2, windowMs: 1_000 } as const;
const undeclared = {
  deadlineMs: undefined,
  priority: 0,
  idempotency: 'unknown',
  requestStream: false,
  responseStream: false,
} as const;

function setup(rules: readonly RateLimitRule[], options: Partial<RateLimitPolicyOptions<CallContext>> = {}) {
  const clock = new SimulatedClock();
  const words: string[] = [];
  const policy = rateLimitPolicy({
    rules,
    clock,
    keys: { user: metadataKey('x-user'), tenant: metadataKey('X-Tenant') },
    onDecision: (name, word, call) => words.push(`${name} ${word} ${call.method}`),
    ...options,
  });
  const newCall = (method: string, metadata: Record<string, string> = {}, deadlineMs = Infinity): CallContext =>
    new CallContext({
      method,
      policy: undeclared,
      clock,
      deadlineMs,
      metadata: metadataOf(new Map(Object.entries(metadata))),
    });
  /** `in`, `later`, or the reason and the pushback. */
  const begin = (call: CallContext): string => {
    try {
      return policy.begin(call) === undefined ? 'in' : 'later';
    } catch (error) {
      return `${(error as StatusError).reason} ${call.trailers.get('grpc-retry-pushback-ms')}`;
    }
  };
  const calls = (method: string, count: number, metadata?: Record<string, string>): string[] =>
    Array.from({ length: count }, () => begin(newCall(method, metadata)));
  return { clock, policy, words, newCall, begin, calls };
}

describe('rateLimitPolicy', () => {
  it('refuses calls beyond the limit, and says when to come back', () => {
    const { policy, words, newCall, calls, clock } = setup([{ name: 'all', limit }]);
    expect(calls('/a.B/C', 3)).toEqual(['in', 'in', 'RATE_LIMITED 500']);
    const call = newCall('/a.B/D');
    expect(() => policy.begin(call)).toThrow(
      expect.objectContaining({
        code: StatusCode.RESOURCE_EXHAUSTED,
        reason: 'RATE_LIMITED',
        retryDelayMs: 500,
        metadata: { limit: 'all' },
      }),
    );
    expect(words).toEqual(['rate-limit limited /a.B/C', 'rate-limit limited /a.B/D']);
    clock.advance(500);
    expect(calls('/a.B/C', 2)).toEqual(['in', 'RATE_LIMITED 500']);
    expect(policy.state()).toEqual({
      rules: 1,
      'all.keys': 1,
      'all.evicted': 0,
      'all.allowed': 3,
      'all.limited': 3,
      'all.waiting': 0,
    });
  });

  it('limits each method, or those that a rule names', () => {
    const { calls } = setup([
      { name: 'each', limit, by: ['method'] },
      { name: 'some', limit: { ...limit, permits: 1 }, methods: ['/a.B/One', '/a.Both/*'] },
    ]);
    expect(calls('/a.B/Two', 3)).toEqual(['in', 'in', 'RATE_LIMITED 500']);
    expect(calls('/a.B/Three', 1)).toEqual(['in']);
    expect(calls('/a.B/One', 2)).toEqual(['in', 'RATE_LIMITED 1000']);
    expect(calls('/a.Both/Any', 1)).toEqual(['RATE_LIMITED 1000']);
  });

  it('limits each user and tenant; those without share a limit', () => {
    const { calls } = setup([{ name: 'users', limit: { ...limit, permits: 1 }, by: ['tenant', 'user'] }]);
    expect(calls('/a.B/C', 1, { 'x-user': '1' })).toEqual(['in']);
    expect(calls('/a.B/C', 2, { 'x-user': '1', 'x-tenant': 't' })).toEqual(['in', 'RATE_LIMITED 1000']);
    expect(calls('/a.B/C', 1, { 'x-user': '2', 'x-tenant': 't' })).toEqual(['in']);
    expect(calls('/a.B/C', 1, { 'x-tenant': '1' })).toEqual(['in']);
    expect(calls('/a.B/C', 2)).toEqual(['in', 'RATE_LIMITED 1000']);
    // What looks the same when it is put together is not.
    expect(calls('/a.B/C', 1, { 'x-tenant': 't2:t', 'x-user': '' })).toEqual(['in']);
    expect(calls('/a.B/C', 1, { 'x-tenant': 't', 'x-user': '2:t' })).toEqual(['in']);
  });

  it('lets malformed keys share one limit and counts them', () => {
    const { calls, words } = setup([{ name: 'users', limit, by: ['user'] }], {
      keys: {
        user: (call) => {
          const user = call.metadata.get('x-user');
          if (user === 'throws') throw new Error('broken');
          return user === 'number' ? (7 as unknown as string) : user;
        },
      },
    });
    const outcomes = ['x'.repeat(101), 'throws', 'number'].flatMap((user) => calls('/a.B/C', 1, { 'x-user': user }));
    expect(outcomes).toEqual(['in', 'in', 'RATE_LIMITED 500']);
    expect(words.filter((word) => word.includes('malformed'))).toHaveLength(3);
    expect(calls('/a.B/C', 1, { 'x-user': 'x'.repeat(100) })).toEqual(['in']);
  });

  it('remembers so many keys and no more, whatever is sent', () => {
    const { policy, words, calls } = setup([{ name: 'users', limit, by: ['user'] }], { keysMax: 3 });
    for (let index = 0; index < 10; index += 1) calls('/a.B/C', 1, { 'x-user': String(index) });
    expect(policy.state()).toMatchObject({ 'users.keys': 3, 'users.evicted': 7 });
    expect(words).toEqual(Array.from({ length: 7 }, () => 'rate-limit evicted /a.B/C'));
    expect(calls('/a.B/C', 2, { 'x-user': '0' })).toEqual(['in', 'in']);
  });

  it('gives back what a call took that another rule refuses', () => {
    const { calls, clock } = setup([
      { name: 'all', limit: { ...limit, permits: 3 } },
      { name: 'users', limit: { ...limit, permits: 1 }, by: ['user'] },
    ]);
    expect(calls('/a.B/C', 5, { 'x-user': '1' })).toEqual(['in', ...Array<string>(4).fill('RATE_LIMITED 1000')]);
    expect([...calls('/a.B/C', 1, { 'x-user': '2' }), ...calls('/a.B/C', 1, { 'x-user': '3' })]).toEqual(['in', 'in']);
    expect(calls('/a.B/C', 1, { 'x-user': '4' })).toEqual(['RATE_LIMITED 334']);
    clock.advance(334);
    expect(calls('/a.B/C', 1, { 'x-user': '4' })).toEqual(['in']);
  });

  it('lets calls wait where a rule says so, until the call ends', async () => {
    const { policy, clock, newCall, words } = setup([{ name: 'paced', limit, maxWaitMs: 1_200 }], { waitingMax: 2 });
    const served: string[] = [];
    const calls = ['a', 'b', 'hurried', 'c', 'gone', 'e'].map((name) => {
      const call = newCall(`/a.B/${name}`, {}, name === 'hurried' ? 400 : Infinity);
      void (async () => policy.begin(call))().then(
        () => served.push(`${name} at ${clock.monotonicMs()}`),
        (error: unknown) =>
          served.push(`${name} ${(error as StatusError).reason} ${call.trailers.get('grpc-retry-pushback-ms')}`),
      );
      return call;
    });
    await clock.advanceAsync(0);
    expect([...served].sort()).toEqual(['a at 0', 'b at 0', 'e RATE_LIMITED 1', 'hurried RATE_LIMITED 500']);
    expect(policy.state()).toMatchObject({ 'paced.waiting': 2 });
    calls[4]?.expire();
    await clock.advanceAsync(0);
    expect(served[4]).toBe('gone DEADLINE_EXCEEDED undefined');
    await clock.advanceAsync(500);
    expect(served[5]).toBe('c at 500');
    expect(words).toEqual(['rate-limit limited /a.B/hurried', 'rate-limit limited /a.B/e', 'rate-limit waited /a.B/c']);
    expect(policy.state()).toMatchObject({ 'paced.waiting': 0, 'paced.allowed': 3, 'paced.limited': 2 });
  });

  it('counts together with others where a rule is shared, and goes on alone', async () => {
    const clock = new SimulatedClock();
    const memory = new MemoryRateLimitStore(clock);
    let away = false;
    const store = {
      acquire: (...request: Parameters<typeof memory.acquire>) =>
        away ? Promise.reject(new Error()) : memory.acquire(...request),
    };
    const policies = [1, 2].map(() => {
      const shared = new SharedRateLimiter({ store, processes: 2, clock, failuresMax: 1 });
      return setup([{ name: 'users', limit: { ...limit, permits: 4 }, by: ['user'], shared: true }], { clock, shared });
    });
    const outcome = async (process: number): Promise<string> => {
      const { policy, newCall } = policies[process] as (typeof policies)[number];
      const call = newCall('/a.B/C', { 'x-user': '1' });
      return (async () => policy.begin(call))().then(
        () => 'in',
        () => `pushback ${call.trailers.get('grpc-retry-pushback-ms')}`,
      );
    };
    const outcomes = [];
    for (const process of [0, 1, 0, 1, 0, 1]) outcomes.push(await outcome(process));
    expect(outcomes).toEqual(['in', 'in', 'in', 'in', 'pushback 250', 'pushback 250']);
    away = true;
    outcomes.length = 0;
    for (const process of [0, 1, 0, 1, 0, 1]) outcomes.push(await outcome(process));
    expect(outcomes).toEqual(['in', 'in', 'in', 'in', 'pushback 500', 'pushback 500']);
    expect(policies[0]?.words.filter((word) => word.includes('rescued'))).toHaveLength(3);
    expect(policies[0]?.policy.state()).toMatchObject({
      'shared.store': 'away',
      'users.allowed': 4,
      'users.limited': 2,
    });
  });

  it('lets calls wait for a shared limit too', async () => {
    const clock = new SimulatedClock();
    const shared = new SharedRateLimiter({ store: new MemoryRateLimitStore(clock), processes: 1, clock });
    const { policy, newCall } = setup([{ name: 'all', limit, shared: true, maxWaitMs: 600 }], { clock, shared });
    const served: string[] = [];
    for (const name of ['a', 'b', 'c', 'd'])
      void (async () => policy.begin(newCall(`/a.B/${name}`)))().then(
        () => served.push(`${name} at ${clock.monotonicMs()}`),
        () => served.push(`${name} refused`),
      );
    await clock.advanceAsync(700);
    expect(served).toEqual(['a at 0', 'b at 0', 'c at 500', 'd refused']);
  });

  describe('configure', () => {
    it('replaces rules, and those that stay keep their counts', () => {
      const stays = { name: 'stays', limit, methods: ['/a.B/C'] } as const;
      const { policy, calls } = setup([stays, { name: 'goes', limit, methods: ['/a.B/D'] }]);
      calls('/a.B/C', 2);
      calls('/a.B/D', 2);
      policy.configure({ rules: [{ ...stays }, { name: 'comes', limit, methods: ['/a.B/E'] }] });
      expect(calls('/a.B/C', 1)).toEqual(['RATE_LIMITED 500']);
      expect(calls('/a.B/D', 3)).toEqual(['in', 'in', 'in']);
      expect(calls('/a.B/E', 3)).toEqual(['in', 'in', 'RATE_LIMITED 500']);
      policy.configure({ rules: [] });
      expect(calls('/a.B/C', 100)).not.toContain('RATE_LIMITED 500');
    });

    const good: RateLimitRule = { name: 'good', limit };
    it.each<[settings: unknown, error: string]>([
      [{}, 'rules must be a list, is undefined'],
      [{ rules: [null] }, 'a rule must be an object, is null'],
      [{ rules: [{ ...good, name: 'No!' }] }, "a rule's name has 1 to 64 of a-z, 0-9 and -, this one is No!"],
      [{ rules: [good, good] }, 'two rules are named good'],
      [{ rules: [{ ...good, limits: 1 }] }, 'good.limits is nothing that a rule has'],
      [{ rules: [{ name: 'a' }] }, 'a.limit must be an object, is undefined'],
      [{ rules: [{ ...good, limit: { ...limit, permits: 0 } }] }, 'good.limit.permits must be an integer of 1'],
      [{ rules: [{ ...good, by: 'user' }] }, 'good.by must be a list of at most 8, is user'],
      [{ rules: [{ ...good, by: ['users'] }] }, 'good.by has users, which is none of method, user, tenant'],
      [{ rules: [{ ...good, by: Array<string>(9).fill('user') }] }, 'good.by must be a list of at most 8'],
      [{ rules: [{ ...good, methods: [] }] }, 'good.methods must be a list of 1 to 1000'],
      [{ rules: [{ ...good, methods: ['a.B/C'] }] }, 'good.methods has a.B/C, which is no /package.Service/Method'],
      [{ rules: [{ ...good, methods: [7] }] }, 'good.methods has 7'],
      [{ rules: [{ ...good, shared: true }] }, 'good.shared is true, and there is nothing to share it through'],
      [{ rules: [{ ...good, shared: 'yes' }] }, 'good.shared must be true or false, is yes'],
      [{ rules: [{ ...good, maxWaitMs: -1 }] }, 'good.maxWaitMs must be an integer of 0 to 600000, is -1'],
      [{ rules: [good], keysMax: 0 }, 'keysMax must be an integer of 1 to 1000000, is 0'],
      [{ rules: [good], waitingMax: 1.5 }, 'waitingMax must be an integer of 0 to 1000000, is 1.5'],
      [
        { rules: Array.from({ length: RULES_MAX + 1 }, (_, index) => ({ ...good, name: `r${index}` })) },
        `there can be ${RULES_MAX} rules, these are ${RULES_MAX + 1}`,
      ],
    ])('refuses %j and keeps what it had', (settings, error) => {
      const { policy, calls } = setup([{ name: 'all', limit }]);
      expect(() => policy.configure(settings as RateLimitSettings)).toThrow(error);
      expect(calls('/a.B/C', 3)).toEqual(['in', 'in', 'RATE_LIMITED 500']);
      expect(() => setup((settings as RateLimitSettings).rules, settings as RateLimitSettings)).toThrow(error);
    });
  });
});

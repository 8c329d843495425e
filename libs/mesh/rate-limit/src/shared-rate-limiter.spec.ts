import { SimulatedClock } from '@giftmesh/kernel-time';
import {
  rescueLimit,
  SharedRateLimiter,
  type Decision,
  type SharedRateLimiterOptions,
  type SharedRateLimitStore,
  type SharedRateLimitWord,
} from './index';
import { MemoryRateLimitStore } from './testing';

const limit = { algorithm: 'token-bucket', permits: 8, windowMs: 3_600_000 } as const;

function setup(options: Partial<SharedRateLimiterOptions> = {}) {
  const clock = new SimulatedClock();
  const memory = new MemoryRateLimitStore(clock);
  const mode = { now: 'good' as 'good' | 'fails' | 'throws' | 'hangs', asked: 0 };
  const store: SharedRateLimitStore = {
    acquire: (...request): Promise<Decision> => {
      mode.asked += 1;
      if (mode.now === 'throws') throw new Error('not even a promise');
      if (mode.now === 'fails') return Promise.reject(new Error('away'));
      return mode.now === 'hangs' ? new Promise(() => undefined) : memory.acquire(...request);
    },
  };
  const words: SharedRateLimitWord[] = [];
  const shared = new SharedRateLimiter({
    store,
    processes: 4,
    clock,
    onDecision: (word) => words.push(word),
    ...options,
  });
  return { clock, memory, mode, shared, words };
}

describe('SharedRateLimiter', () => {
  it('asks the store as long as it answers', async () => {
    const { shared, words, mode } = setup();
    for (let index = 0; index < 8; index += 1)
      expect(await shared.acquire('k', limit)).toEqual({
        allowed: true,
        remaining: 7 - index,
        retryAfterMs: 0,
        rescued: false,
      });
    expect(await shared.acquire('k', limit)).toMatchObject({ allowed: false, rescued: false });
    expect([words, mode.asked]).toEqual([[], 9]);
  });

  it.each(['fails', 'throws'] as const)(
    'decides its part by itself when the store %s, and then does not wait for it',
    async (how) => {
      const { shared, words, mode, clock } = setup();
      mode.now = how;
      const decisions = [];
      for (let index = 0; index < 5; index += 1) decisions.push(await shared.acquire('k', limit));
      expect(decisions.map(({ allowed, rescued }) => [allowed, rescued])).toEqual([
        [true, true],
        [true, true],
        [false, true],
        [false, true],
        [false, true],
      ]);
      expect(mode.asked).toBe(3);
      expect(words).toEqual(['rescued', 'rescued', 'store-away', 'rescued', 'rescued', 'rescued']);
      expect(shared.state()).toEqual({ store: 'away', inFlight: 0, rescued: 5, rescueKeys: 1 });
      mode.now = 'good';
      clock.advance(1_000);
      expect(await shared.acquire('k', limit)).toMatchObject({ allowed: true, remaining: 7, rescued: false });
      expect(words.at(-1)).toBe('store-back');
      expect(shared.state()).toMatchObject({ store: 'shared' });
    },
  );

  it('waits for a slow store so long and no longer, one request at a time once it is away', async () => {
    const { shared, mode, clock } = setup({ timeoutMs: 20, failuresMax: 1, cooldownMs: 500 });
    mode.now = 'hangs';
    let rescued = 0;
    const ask = (): void => void shared.acquire('k', limit).then((decision) => (rescued += Number(decision.rescued)));
    ask();
    await clock.advanceAsync(19);
    expect(rescued).toBe(0);
    await clock.advanceAsync(1);
    expect(rescued).toBe(1);
    ask();
    await clock.advanceAsync(0);
    expect([rescued, mode.asked]).toEqual([2, 1]);
    await clock.advanceAsync(500);
    ask(); // Finds out, and waits.
    ask();
    await clock.advanceAsync(0);
    expect([rescued, mode.asked]).toEqual([3, 2]);
    await clock.advanceAsync(20);
    expect([rescued, mode.asked]).toEqual([4, 2]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('lets so many requests wait for the store and no more', async () => {
    const { shared, mode, clock } = setup({ inFlightMax: 2 });
    mode.now = 'hangs';
    const asked = [1, 2, 3].map(() => shared.acquire('k', limit));
    await clock.advanceAsync(0);
    expect([mode.asked, shared.state()['inFlight']]).toEqual([2, 2]);
    expect(await asked[2]).toMatchObject({ rescued: true });
    await clock.advanceAsync(50);
    await Promise.all(asked);
    expect(shared.state()['inFlight']).toBe(0);
  });

  it('says never to what the limit never gives, and when to ask again to what only a part does not', async () => {
    const { shared, mode } = setup({ failuresMax: 1 });
    expect(await shared.acquire('k', limit, 9)).toMatchObject({
      allowed: false,
      retryAfterMs: Infinity,
      rescued: false,
    });
    mode.now = 'fails';
    expect(await shared.acquire('k', limit, 3)).toMatchObject({ allowed: false, retryAfterMs: 1_000, rescued: true });
    expect(await shared.acquire('k', limit, 2)).toMatchObject({ allowed: true, rescued: true });
  });

  it('rejects bad arguments and does not hold them against the store', async () => {
    const { shared } = setup({ failuresMax: 1 });
    await expect(shared.acquire('k', limit, 0)).rejects.toThrow(RangeError);
    await expect(shared.acquire('x'.repeat(2_000), limit)).rejects.toThrow(RangeError);
    expect(shared.state()).toMatchObject({ store: 'shared', inFlight: 0 });
  });

  it('keeps rescues by key, and as many as it may', async () => {
    const { shared, mode } = setup({ failuresMax: 1, keysMax: 2 });
    mode.now = 'fails';
    for (const key of ['a', 'b', 'c', 'c', 'c']) await shared.acquire(key, limit);
    expect(shared.state()['rescueKeys']).toBe(2);
    expect(await shared.acquire('c', limit)).toMatchObject({ allowed: false });
    const larger = { ...limit, permits: 400 };
    expect(await shared.acquire('c', larger)).toMatchObject({ allowed: true, remaining: 99 });
  });

  it('can be changed while it runs, and refuses what is wrong', async () => {
    const { shared, mode } = setup({ failuresMax: 1 });
    mode.now = 'fails';
    expect(await shared.acquire('k', limit)).toMatchObject({ remaining: 1 });
    expect(() => shared.configure({ processes: 0 })).toThrow('processes must be an integer of 1 to 100000, is 0');
    expect(() => shared.configure({ processes: 2, timeoutMs: NaN })).toThrow('timeoutMs');
    expect(await shared.acquire('k', limit)).toMatchObject({ remaining: 0 });
    shared.configure({ processes: 2 });
    expect(await shared.acquire('k', limit)).toMatchObject({ remaining: 3 });
  });

  it.each([
    { processes: 0 },
    { timeoutMs: 0 },
    { timeoutMs: 60_001 },
    { failuresMax: 0.5 },
    { cooldownMs: -1 },
    { inFlightMax: 0 },
    { keysMax: 0 },
  ])('refuses %j', (options) => {
    expect(() => setup(options)).toThrow(RangeError);
    expect(() => setup(options)).toThrow(`${Object.keys(options)[0]} must be an integer`);
  });
});

describe('rescueLimit', () => {
  it('gives each process its part, at least one permit', () => {
    expect(rescueLimit(limit, 3)).toEqual({ ...limit, permits: 2 });
    expect(rescueLimit({ ...limit, burst: 2 }, 4)).toEqual({ ...limit, permits: 2, burst: 1 });
    expect(rescueLimit({ algorithm: 'sliding-log', permits: 1, windowMs: 5 }, 100)).toEqual({
      algorithm: 'sliding-log',
      permits: 1,
      windowMs: 5,
    });
  });
});

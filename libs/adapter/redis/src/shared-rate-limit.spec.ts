import { SharedRateLimiter, type SharedDecision, type SharedRateLimitWord } from '@giftmesh/mesh-rate-limit';
import { startRedis, type RedisServer } from '@giftmesh/tool-infra';
import type { Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';
import { createRedis, RedisRateLimitStore } from './index';
import { connected } from './redis-test-kit';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const HOUR_MS = 3_600_000;
const limit = { algorithm: 'token-bucket', permits: 100, windowMs: HOUR_MS } as const;

describe('a limit that processes share through a real Redis', () => {
  const servers: RedisServer[] = [];
  const connections: Redis[] = [];
  const newProcess = async (
    port: number,
    words: SharedRateLimitWord[] = [],
    timeoutMs = 5_000,
  ): Promise<SharedRateLimiter> => {
    const redis = await connected(port);
    connections.push(redis);
    return new SharedRateLimiter({
      store: new RedisRateLimitStore({ redis }),
      processes: 2,
      timeoutMs,
      failuresMax: 2,
      cooldownMs: 100,
      onDecision: (word) => words.push(word),
    });
  };
  const start = async (port?: number): Promise<RedisServer> => {
    const server = await startRedis(port === undefined ? {} : { port });
    servers.push(server);
    return server;
  };
  const allowed = (decisions: readonly SharedDecision[]): number => decisions.filter((each) => each.allowed).length;
  afterEach(async () => {
    for (const redis of connections.splice(0)) redis.disconnect();
    for (const server of servers.splice(0)) await server.kill();
  });

  it('is never exceeded by two together', async () => {
    const { port } = await start();
    const processes = [await newProcess(port), await newProcess(port)];
    const decisions = await Promise.all(
      Array.from({ length: 300 }, (_, index) => (processes[index % 2] as SharedRateLimiter).acquire('k', limit)),
    );
    expect(allowed(decisions)).toBe(100);
    expect(decisions.some(({ rescued }) => rescued)).toBe(false);
  });

  it('goes on in parts when Redis is killed in the middle of it, and is shared again when it is back', async () => {
    const server = await start();
    const words: SharedRateLimitWord[] = [];
    const processes = [await newProcess(server.port, words), await newProcess(server.port)] as const;
    const wave = (): Promise<SharedDecision[]> =>
      Promise.all(processes.flatMap((process) => Array.from({ length: 10 }, () => process.acquire('k', limit))));
    expect((await wave()).every(({ rescued }) => !rescued)).toBe(true);

    const inFlight = wave();
    await server.kill();
    await inFlight;
    const away: SharedDecision[] = [];
    let slowestMs = 0;
    for (let round = 0; round < 15; round += 1) {
      const startMs = performance.now();
      away.push(...(await wave()));
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
    }
    expect(away.every(({ rescued }) => rescued)).toBe(true);
    // Each of the two gives its half, and no more.
    expect(allowed(away)).toBeGreaterThanOrEqual(60);
    expect(allowed(away)).toBeLessThanOrEqual(100);
    // A connection that is away fails at once: nobody waits for it.
    expect(slowestMs).toBeLessThan(1_000);
    expect(words).toContain('store-away');

    await start(server.port);
    const endMs = performance.now() + 10_000;
    let back: SharedDecision[] = [];
    while (performance.now() < endMs && !(back.length > 0 && back.every(({ rescued }) => !rescued))) {
      await delay(50);
      back = await wave();
    }
    expect(back.every(({ rescued }) => !rescued)).toBe(true);
    expect(words).toContain('store-back');
    const rest: SharedDecision[] = [];
    for (let round = 0; round < 10; round += 1) rest.push(...(await wave()));
    expect(rest.every(({ rescued }) => !rescued)).toBe(true);
    expect(allowed(rest)).toBeLessThanOrEqual(100);
    expect(rest.at(-1)?.allowed).toBe(false);
  });

  it('waits for a Redis that stands still once, not with each call', async () => {
    const server = await start();
    const shared = await newProcess(server.port, [], 200);
    await shared.acquire('k', limit);
    server.pause();
    const startMs = performance.now();
    const decisions: SharedDecision[] = [];
    for (let round = 0; round < 40; round += 1) decisions.push(await shared.acquire('k', limit));
    expect(decisions.every(({ rescued }) => rescued)).toBe(true);
    // Two timeouts of 200 ms until it counts as away; the others do not wait, but for a probe or two.
    expect(performance.now() - startMs).toBeLessThan(40 * 200 * 0.25);
    server.resume();
    const endMs = performance.now() + 10_000;
    let rescued = true;
    while (rescued && performance.now() < endMs) {
      await delay(50);
      ({ rescued } = await shared.acquire('k', limit));
    }
    expect(rescued).toBe(false);
  });

  it('begins in parts where there is no Redis at all', async () => {
    const server = await start();
    await server.kill();
    const errors: Error[] = [];
    const redis = createRedis({ host: '127.0.0.1', port: server.port, onError: (error) => errors.push(error) });
    connections.push(redis);
    const shared = new SharedRateLimiter({ store: new RedisRateLimitStore({ redis }), processes: 4 });
    expect(await shared.acquire('k', limit)).toMatchObject({ allowed: true, remaining: 24, rescued: true });
    while (errors.length === 0) await delay(5);
    expect(errors[0]?.message).toContain('ECONNREFUSED');
  });
});

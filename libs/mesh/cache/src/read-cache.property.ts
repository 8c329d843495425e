import fc from 'fast-check';
import { seededRandom } from '@giftmesh/kernel-random';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { ReadCache } from './read-cache';
import { MemorySharedLayer } from './testing';

const TTL_MS = 60;
const NEGATIVE_MS = 40;
const STALE_MS = 100;
const ENTRIES_MAX = 1;
const KEYS = 2;

/** What the source said, and when. */
interface Said {
  readonly beganAtMs: number;
  readonly atMs: number;
  readonly nothing: boolean;
}

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('get' as const),
      cache: fc.nat(1),
      key: fc.nat(KEYS - 1),
      preferStale: fc.boolean(),
      answer: fc.constantFrom('value', 'nothing', 'failure'),
      takesMs: fc.integer({ min: 0, max: 150 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 120 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('invalidate' as const), cache: fc.nat(1), key: fc.nat(KEYS - 1) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('layer' as const), state: fc.constantFrom('up', 'down', 'hangs') }),
  },
);

describe('ReadCache', () => {
  it.each([false, true])(
    'never has two loads of a key, serves nothing beyond its time, and forgets what was invalidated; shared: %p',
    async (isShared) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer(), async (steps, seed) => {
          const clock = new SimulatedClock();
          const layer = new MemorySharedLayer(clock);
          const codec = { encode: JSON.stringify, decode: (text: string) => JSON.parse(text) as Said };
          const caches = [0, 1].map(
            (index) =>
              new ReadCache<Said>({
                clock,
                random: seededRandom(seed + index),
                ttlMs: TTL_MS,
                negativeTtlMs: NEGATIVE_MS,
                staleMs: STALE_MS,
                isNegative: ({ nothing }) => nothing,
                patienceMs: 60,
                retryMs: 50,
                entriesMax: ENTRIES_MAX,
                ...(isShared ? { shared: { layer, codec, waitMs: 20, pauseMs: 60 } } : {}),
              }),
          );
          const running = new Map<string, number>();
          const invalidatedAtMs = new Map<string, number>();
          const asked: Promise<void>[] = [];
          for (const one of steps) {
            if (one.kind === 'pass') await clock.advanceAsync(one.ms);
            else if (one.kind === 'layer') {
              layer.failure = one.state === 'down' ? new Error('away') : undefined;
              layer.gate = one.state === 'hangs' ? new Promise(() => undefined) : undefined;
            } else if (one.kind === 'invalidate') {
              caches[one.cache]?.invalidate(`${one.key}`);
              invalidatedAtMs.set(`${one.cache}/${one.key}`, clock.monotonicMs());
            } else {
              const place = `${one.cache}/${one.key}`;
              const load = async (): Promise<Said> => {
                expect(running.get(place) ?? 0).toBe(0);
                running.set(place, 1);
                const beganAtMs = clock.monotonicMs();
                await new Promise<void>((resolve) => void clock.schedule(one.takesMs, resolve));
                running.set(place, 0);
                if (one.answer === 'failure') throw new Error('the source is away');
                return { beganAtMs, atMs: clock.monotonicMs(), nothing: one.answer === 'nothing' };
              };
              const askedAtMs = clock.monotonicMs();
              const wasInvalidatedAtMs = invalidatedAtMs.get(place) ?? -1;
              const got = caches[one.cache]?.get(`${one.key}`, load, { preferStale: one.preferStale }).then(
                (said) => {
                  const ageMs = clock.monotonicMs() - said.atMs;
                  expect(ageMs).toBeLessThanOrEqual(said.nothing ? NEGATIVE_MS : TTL_MS + STALE_MS);
                  // What another process wrote at the same time is bounded by its time only.
                  if (!isShared && said.beganAtMs < wasInvalidatedAtMs)
                    expect(askedAtMs).toBeLessThan(wasInvalidatedAtMs);
                },
                (error: unknown) => expect((error as Error).message).toBe('the source is away'),
              );
              asked.push(got ?? Promise.resolve());
            }
            for (const cache of caches) expect(cache.stats().entries).toBeLessThanOrEqual(ENTRIES_MAX);
          }
          layer.gate = undefined;
          await clock.advanceAsync(10_000);
          await Promise.all(asked);
          for (const cache of caches) expect(cache.stats().loading).toBe(0);
          expect(clock.pendingTimers).toBe(0);
        }),
        { numRuns: 400 },
      );
    },
  );

  it('spreads the ends of entries that were loaded together over the jitter', async () => {
    const clock = new SimulatedClock();
    const cache = new ReadCache<number>({ clock, random: seededRandom(7), ttlMs: 1_000, jitter: 0.5 });
    for (let key = 0; key < 200; key += 1) await cache.get(`${key}`, async () => key);
    const loadedBy = async (ms: number): Promise<number> => {
      clock.advance(ms - clock.monotonicMs());
      for (let key = 0; key < 200; key += 1) await cache.get(`${key}`, async () => key);
      return cache.stats().loads - 200;
    };
    const startMs = clock.monotonicMs();
    expect(await loadedBy(startMs + 499)).toBe(0);
    const half = await loadedBy(startMs + 750);
    expect(half).toBeGreaterThan(60);
    expect(half).toBeLessThan(140);
    expect(await loadedBy(startMs + 1_000)).toBeGreaterThanOrEqual(200);
  });
});

import { seededRandom } from '@giftmesh/kernel-random';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { MetricsRegistry, prometheusText } from '@giftmesh/mesh-telemetry';
import { CacheBusyError, cacheMetrics, ReadCache, type ReadCacheOptions } from './index';
import { MemorySharedLayer } from './testing';

const codec = { encode: String, decode: (text: string) => text };

/** A cache, and a source that takes 10 ms. */
function newKit(options: Partial<ReadCacheOptions<string>> = {}, clock = new SimulatedClock()) {
  const cache = new ReadCache<string>({
    clock,
    random: seededRandom(1),
    ttlMs: 1_000,
    jitter: 0,
    isNegative: (value) => value === '',
    ...options,
  });
  const source = { value: 'a', failure: undefined as Error | undefined, loads: 0, takesMs: 10 };
  const load = async (): Promise<string> => {
    source.loads += 1;
    await new Promise<void>((resolve) => void clock.schedule(source.takesMs, resolve));
    if (source.failure !== undefined) throw source.failure;
    return source.value;
  };
  /** Asks, and lets so much time pass. */
  const ask = async (key = 'k', ms = 10, preferStale = false): Promise<string> => {
    const asked = cache.get(key, load, { preferStale }).catch((error: unknown) => (error as Error).message);
    await clock.advanceAsync(ms);
    return asked;
  };
  return { clock, cache, source, load, ask };
}

describe('ReadCache', () => {
  it('asks the source once for a herd, and no more while the entry is fresh', async () => {
    const { cache, source, load, ask, clock } = newKit();
    const herd = Promise.all(Array.from({ length: 10_000 }, () => cache.get('k', load)));
    await clock.advanceAsync(10);
    expect(new Set(await herd)).toEqual(new Set(['a']));
    expect(source.loads).toBe(1);
    await clock.advanceAsync(999);
    await ask('k', 0);
    expect(source.loads).toBe(1);
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 10_000, joined: 9_999, loads: 1, entries: 1 });
    await clock.advanceAsync(1);
    await ask();
    expect(source.loads).toBe(2);
  });

  it('asks each time without a time to live, once for all who ask at once', async () => {
    const { source, ask } = newKit({ ttlMs: 0, staleMs: 1_000 });
    await Promise.all([ask(), ask()]);
    await ask();
    expect(source.loads).toBe(2);
    source.failure = new Error('away');
    expect(await ask()).toBe('a');
  });

  it('keeps that there is nothing for a time of its own, and not when the source is away', async () => {
    const { cache, clock, source, ask } = newKit({ negativeTtlMs: 100, staleMs: 10_000 });
    source.value = '';
    await ask();
    await ask('k', 99);
    expect(cache.stats()).toMatchObject({ loads: 1, hits: 1, negative: 1 });
    await clock.advanceAsync(1);
    source.failure = new Error('away');
    expect(await ask()).toBe('away');
  });

  it('serves what is stale while the source is away or slow, up to its limit, and does not run at the source meanwhile', async () => {
    const { cache, clock, source, ask } = newKit({ staleMs: 5_000, patienceMs: 50, retryMs: 1_000 });
    await ask();
    await clock.advanceAsync(1_000);
    source.failure = new Error('away');
    expect(await ask()).toBe('a');
    for (let turn = 0; turn < 4; turn += 1) expect(await ask()).toBe('a');
    expect(source.loads).toBe(2);
    source.failure = undefined;
    source.takesMs = 400;
    source.value = 'b';
    await clock.advanceAsync(1_000);
    expect(await ask('k', 50)).toBe('a');
    await clock.advanceAsync(350);
    expect(await ask('k', 0)).toBe('b');
    expect(cache.stats()).toMatchObject({ loads: 3, stale: 6, loadFailures: 1 });
    source.failure = new Error('away');
    await clock.advanceAsync(5_900);
    expect(await ask('k', 50)).toBe('b');
    expect(await ask('k', 400)).toBe('away');
  });

  it('serves nothing whose limit has passed while a caller waited for the source', async () => {
    const { clock, source, ask } = newKit({ staleMs: 5_000, patienceMs: 50 });
    await ask();
    await clock.advanceAsync(5_980);
    source.takesMs = 400;
    source.value = 'b';
    expect(await ask('k', 400)).toBe('b');
  });

  it('serves what is stale without asking where that is preferred', async () => {
    const { clock, source, ask } = newKit({ staleMs: 5_000 });
    await ask('k', 10, true);
    await clock.advanceAsync(2_000);
    source.value = 'b';
    expect(await ask('k', 0, true)).toBe('a');
    expect(source.loads).toBe(1);
    await clock.advanceAsync(4_000);
    expect(await ask('k', 10, true)).toBe('b');
  });

  it('forgets what was invalidated, also what is being loaded, and still has one load at a time', async () => {
    const { cache, clock, source, load } = newKit();
    const before = cache.get('k', load);
    await clock.advanceAsync(5);
    cache.invalidate('k');
    source.value = 'b';
    const behind = Promise.all([cache.get('k', load), cache.get('k', load)]);
    await clock.advanceAsync(20);
    expect([await before, await behind, source.loads]).toEqual(['b', ['b', 'b'], 2]);
    cache.invalidate('k');
    expect(cache.stats()).toMatchObject({ entries: 0, loading: 0 });
  });

  it('has a limit for entries and for loads', async () => {
    const { cache, clock, load, ask } = newKit({ entriesMax: 2, loadsMax: 2, staleMs: 5_000 });
    await ask('a');
    await ask('b');
    await ask('c');
    expect(cache.stats().entries).toBe(2);
    await clock.advanceAsync(1_000);
    const loading = [cache.get('x', load), cache.get('y', load)];
    await expect(cache.get('z', load)).rejects.toThrow(CacheBusyError);
    expect(await cache.get('c', load)).toBe('a');
    await clock.advanceAsync(10);
    await Promise.all(loading);
    expect(cache.stats()).toMatchObject({ refused: 2, stale: 1 });
  });

  it('takes a source that throws at once for one that fails', async () => {
    const { cache } = newKit();
    const broken = (): Promise<string> => {
      throw new Error('broken');
    };
    await expect(cache.get('k', broken)).rejects.toThrow('broken');
    expect(cache.stats().loading).toBe(0);
  });

  it('refuses options that make no sense', () => {
    expect(() => newKit({ ttlMs: -1 })).toThrow('ttlMs must be an integer, 0 to 86400000, got -1');
    expect(() => newKit({ jitter: 2 })).toThrow('jitter must be 0 to 1, got 2');
    expect(() => newKit({ entriesMax: 0 })).toThrow('entriesMax must be');
    const layer = new MemorySharedLayer(new SimulatedClock());
    expect(() => newKit({ shared: { layer, codec, waitMs: 0 } })).toThrow(
      'waitMs must be an integer, 1 to 10000, got 0',
    );
  });

  it('shows what it does as metrics', async () => {
    const { cache, ask } = newKit();
    await ask();
    await ask();
    const registry = new MetricsRegistry();
    cacheMetrics(registry, 'rooms', () => cache.stats());
    const text = prometheusText(registry.snapshot());
    expect(text).toContain('cache_requests_total{cache="rooms",outcome="hit"} 1');
    expect(text).toContain('cache_requests_total{cache="rooms",outcome="load"} 1');
    expect(text).toContain('cache_entries{cache="rooms",of="kept"} 1');
  });
});

describe('ReadCache with a layer that processes share', () => {
  const pair = () => {
    const clock = new SimulatedClock();
    const layer = new MemorySharedLayer(clock);
    const options = { staleMs: 5_000, shared: { layer, codec, waitMs: 50, pauseMs: 1_000 } };
    return { clock, layer, first: newKit(options, clock), second: newKit(options, clock) };
  };

  it('loads once for all processes, and counts the age that an entry already has', async () => {
    const { clock, first, second } = pair();
    await first.ask();
    await clock.advanceAsync(900);
    expect(await second.ask('k', 0)).toBe('a');
    expect(second.source.loads).toBe(0);
    await clock.advanceAsync(100);
    second.source.value = 'b';
    expect(await second.ask()).toBe('b');
    expect(second.cache.stats()).toMatchObject({ sharedHits: 1, loads: 1 });
  });

  it('serves what another process has loaded, when the source is away', async () => {
    const { clock, first, second } = pair();
    await first.ask();
    await clock.advanceAsync(2_000);
    second.source.failure = new Error('away');
    expect(await second.ask()).toBe('a');
    await clock.advanceAsync(4_000);
    expect(await second.ask()).toBe('away');
  });

  it('invalidates for all who have it only there', async () => {
    const { clock, first, second } = pair();
    await first.ask();
    first.cache.invalidate('k');
    await clock.advanceAsync(0);
    await second.ask();
    expect(second.source.loads).toBe(1);
  });

  it('goes on as if nothing was there when it is away, and does not ask again for a while', async () => {
    const { clock, layer, first } = pair();
    layer.failure = new Error('away');
    expect(await first.ask('a')).toBe('a');
    const { sharedFailures } = first.cache.stats();
    for (const key of ['b', 'c', 'd']) await first.ask(key);
    expect(first.cache.stats()).toMatchObject({ loads: 4, sharedFailures });
    layer.failure = undefined;
    await clock.advanceAsync(1_000);
    await first.ask('e');
    expect((await layer.get('e'))?.text).toContain('a');
  });

  it('waits for it no longer than it is told to', async () => {
    const { layer, first } = pair();
    layer.gate = new Promise(() => undefined);
    expect(await first.ask('a', 60)).toBe('a');
    expect(await first.ask('b', 10)).toBe('a');
  });

  it('takes what it can not read for nothing, and does not write what is too long', async () => {
    const { layer, first } = pair();
    await layer.set('a', 'no entry of ours', 60_000);
    await layer.set('b', '99999999999 x', 60_000);
    for (const key of ['a', 'b']) await first.ask(key);
    expect(first.source.loads).toBe(2);
    first.source.value = 'x'.repeat(70_000);
    await first.ask('long');
    expect(await layer.get('long')).toBeUndefined();
  });
});

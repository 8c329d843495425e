import { LRUCache } from 'lru-cache';
import { integerWithin } from '@giftmesh/kernel-errors';
import type { Random } from '@giftmesh/kernel-random';
import type { Clock } from '@giftmesh/kernel-time';
import { GuardedLayer } from './guarded-layer';
import { Lifetimes, TIME_MS_MAX, type Lifetime } from './lifetime';
import { CacheBusyError, type GetOptions, type ReadCacheOptions, type ReadCacheStats } from './read-cache-options';

interface Entry<V> {
  readonly value: V;
  readonly isNegative: boolean;
  readonly freshUntilMs: number;
  readonly staleUntilMs: number;
  /** Not loaded again before, because the last load failed. */
  retryAtMs: number;
}

interface Flight<V> {
  promise: Promise<V>;
  /** The key was invalidated meanwhile: what comes is not kept. */
  isOutdated: boolean;
}

const PATIENCE_MS = 100;
const RETRY_MS = 1_000;
const ENTRIES_MAX = 10_000;
const LOADS_MAX = 1_024;

/**
 * Cache-aside: what is not here, or not fresh, is asked of the layer that processes share, then of the source, once for all who want it.
 * Values must not be changed by those who get them.
 */
export class ReadCache<V> {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #lifetimes: Lifetimes;
  readonly #isNegative: (value: V) => boolean;
  readonly #patienceMs: number;
  readonly #retryMs: number;
  readonly #loadsMax: number;
  readonly #shared: GuardedLayer<V> | undefined;
  readonly #entries: LRUCache<string, Entry<V>>;
  readonly #flights = new Map<string, Flight<V>>();
  readonly #counts = {
    hits: 0,
    negative: 0,
    stale: 0,
    misses: 0,
    joined: 0,
    sharedHits: 0,
    loads: 0,
    loadFailures: 0,
    refused: 0,
  };

  /** Throws RangeError, with the name and the value, for options that make no sense. */
  constructor(options: ReadCacheOptions<V>) {
    const { clock, random, isNegative = () => false, shared } = options;
    this.#clock = clock;
    this.#random = random;
    this.#isNegative = isNegative;
    this.#lifetimes = new Lifetimes(options);
    this.#patienceMs = integerWithin('patienceMs', options.patienceMs ?? PATIENCE_MS, 0, TIME_MS_MAX);
    this.#retryMs = integerWithin('retryMs', options.retryMs ?? RETRY_MS, 0, TIME_MS_MAX);
    this.#loadsMax = integerWithin('loadsMax', options.loadsMax ?? LOADS_MAX, 1, 1_000_000);
    const max = integerWithin('entriesMax', options.entriesMax ?? ENTRIES_MAX, 1, 10_000_000);
    this.#entries = new LRUCache({ max });
    this.#shared = shared === undefined ? undefined : new GuardedLayer(clock, shared);
  }

  /**
   * The value under a key. Rejects as `load` does when there is nothing to serve in its place, and with CacheBusyError.
   * @param load asks the source; never called while another load of the key is under way, whoever began it.
   */
  async get(key: string, load: () => Promise<V>, { preferStale = false }: GetOptions = {}): Promise<V> {
    for (;;) {
      const nowMs = this.#clock.monotonicMs();
      const entry = this.#entryOf(key, nowMs);
      if (entry !== undefined && nowMs < entry.freshUntilMs) {
        this.#counts.hits += 1;
        if (entry.isNegative) this.#counts.negative += 1;
        return entry.value;
      }
      const isEnough = entry !== undefined && (preferStale || nowMs < entry.retryAtMs);
      if (isEnough) return this.#serveStale(entry);
      const flight = this.#flights.get(key);
      if (flight?.isOutdated === true) {
        // What it brings may be older than the invalidation.
        await flight.promise.catch(() => undefined);
        continue;
      }
      if (flight === undefined && this.#flights.size >= this.#loadsMax) {
        this.#counts.refused += 1;
        if (entry !== undefined) return this.#serveStale(entry);
        throw new CacheBusyError(this.#loadsMax);
      }
      this.#counts.misses += 1;
      if (flight !== undefined) this.#counts.joined += 1;
      const loading = flight?.promise ?? this.#begin(key, load);
      return entry === undefined ? loading : this.#orStale(loading, entry);
    }
  }

  /** Forgets a value, because its source has changed. Loads that are under way are not kept, and callers from now on do not join them. */
  invalidate(key: string): void {
    this.#entries.delete(key);
    const flight = this.#flights.get(key);
    if (flight !== undefined) flight.isOutdated = true;
    this.#shared?.drop(key);
  }

  stats(): ReadCacheStats {
    return {
      ...this.#counts,
      sharedFailures: this.#shared?.failures ?? 0,
      entries: this.#entries.size,
      loading: this.#flights.size,
    };
  }

  /** What is there and may still be served in some case. */
  #entryOf(key: string, nowMs: number): Entry<V> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || nowMs < entry.staleUntilMs) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  #serveStale({ value }: Entry<V>): V {
    this.#counts.stale += 1;
    return value;
  }

  #begin(key: string, load: () => Promise<V>): Promise<V> {
    const flight: Flight<V> = { promise: Promise.reject(new Error('not begun')), isOutdated: false };
    flight.promise.catch(() => undefined);
    this.#flights.set(key, flight);
    flight.promise = this.#fetch(key, load, flight).finally(() => this.#flights.delete(key));
    return flight.promise;
  }

  async #fetch(key: string, load: () => Promise<V>, flight: Flight<V>): Promise<V> {
    const askedMs = this.#clock.monotonicMs();
    const found = await this.#shared?.find(key);
    if (found !== undefined && !flight.isOutdated) {
      const nowMs = this.#clock.monotonicMs();
      const entry = this.#entryFrom(found.value, found.left, askedMs);
      // What is not fresh any more may be of use when the load fails, unless there is something younger.
      if (entry.staleUntilMs > (this.#entryOf(key, nowMs)?.staleUntilMs ?? nowMs)) this.#entries.set(key, entry);
      if (nowMs < entry.freshUntilMs) {
        this.#counts.sharedHits += 1;
        return entry.value;
      }
    }
    this.#counts.loads += 1;
    let value: V;
    try {
      value = await load();
    } catch (error) {
      this.#counts.loadFailures += 1;
      const nowMs = this.#clock.monotonicMs();
      const known = this.#entryOf(key, nowMs);
      if (known === undefined) throw error;
      known.retryAtMs = nowMs + this.#retryMs * (1 - this.#random.next() / 2);
      return this.#serveStale(known);
    }
    if (flight.isOutdated) return value;
    const lifetime = this.#lifetimes.of(this.#isNegative(value), this.#random);
    this.#entries.set(key, this.#entryFrom(value, lifetime, this.#clock.monotonicMs()));
    this.#shared?.keep(key, value, lifetime);
    return value;
  }

  #entryFrom(value: V, { freshMs, staleMs }: Lifetime, fromMs: number): Entry<V> {
    const freshUntilMs = fromMs + freshMs;
    const isNegative = this.#isNegative(value);
    return { value, isNegative, freshUntilMs, staleUntilMs: freshUntilMs + staleMs, retryAtMs: -Infinity };
  }

  /** What is being loaded, or the stale entry when that takes too long. It goes on, for those who come later. */
  #orStale(loading: Promise<V>, entry: Entry<V>): Promise<V> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.schedule(this.#patienceMs, () => {
        if (this.#clock.monotonicMs() < entry.staleUntilMs) resolve(this.#serveStale(entry));
      });
      loading.then(resolve, reject).finally(cancel);
    });
  }
}

import { checkRange } from './admission-decider';
import { LEVEL_OPEN, type Priority } from './priority';

export interface BackendLevelsOptions {
  /** For how long a level is believed without news of it, milliseconds. Default 200, range 1 to 60,000. */
  readonly ttlMs?: number;
  /** After that, one call is let through each so many milliseconds until there is news. Default 50, range 1 to 60,000. */
  readonly probeMs?: number;
  /** Backends that are remembered; the one that was heard of longest ago goes first. Default 1,000, range 1 to 100,000. */
  readonly backendsMax?: number;
}

interface Known {
  readonly level: Priority;
  readonly atMs: number;
  probeAtMs: number;
}

/**
 * The admission levels of backends, one by one, as their callers know them: a call that a backend would refuse need not be
 * sent. Of a backend that nothing is known of, all is believed.
 */
export class BackendLevels {
  readonly #ttlMs: number;
  readonly #probeMs: number;
  readonly #backendsMax: number;
  readonly #known = new Map<string, Known>();

  /** Throws RangeError for options out of range. */
  constructor(options: BackendLevelsOptions = {}) {
    this.#ttlMs = checkRange('ttlMs', options.ttlMs ?? 200, 1, 60_000);
    this.#probeMs = checkRange('probeMs', options.probeMs ?? 50, 1, 60_000);
    this.#backendsMax = checkRange('backendsMax', options.backendsMax ?? 1_000, 1, 100_000);
  }

  /** Whether any backend may let a call of this priority in: true when none is known to shed. */
  anyAdmits(priority: Priority, nowMs: number): boolean {
    if (this.#known.size === 0) return true;
    for (const known of this.#known.values()) if (this.#lets(known, priority, nowMs)) return true;
    return false;
  }

  /** Whether this backend may let a call of this priority in. */
  admits(backend: string, priority: Priority, nowMs: number): boolean {
    const known = this.#known.get(backend);
    return known === undefined || this.#lets(known, priority, nowMs);
  }

  /** A backend has told its level. */
  learn(backend: string, level: Priority, nowMs: number): void {
    this.#known.delete(backend);
    this.#known.set(backend, { level, atMs: nowMs, probeAtMs: nowMs + this.#ttlMs });
    if (this.#known.size > this.#backendsMax) this.#known.delete(this.#known.keys().next().value as string);
  }

  /** The levels that are known, for people. */
  get levels(): ReadonlyMap<string, Priority> {
    return new Map([...this.#known].map(([backend, { level }]) => [backend, level]));
  }

  #lets(known: Known, priority: Priority, nowMs: number): boolean {
    if (priority <= known.level || known.level === LEVEL_OPEN) return true;
    if (nowMs < known.probeAtMs) return false;
    known.probeAtMs = nowMs + this.#probeMs;
    return true;
  }
}

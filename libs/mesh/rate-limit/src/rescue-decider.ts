import { assertNever } from '@giftmesh/kernel-errors';

/** Whom to ask next: the store, the store to see whether it is back, or the rescue. */
export type RescueRoute = 'store' | 'probe' | 'rescue';

type State =
  | { readonly kind: 'shared'; readonly failures: number }
  | { readonly kind: 'away'; readonly untilMs: number }
  | { readonly kind: 'probing' };

const HEALTHY: State = { kind: 'shared', failures: 0 };

export interface RescueDeciderOptions {
  /** Failures in a row after which the store counts as away. */
  readonly failuresMax: number;
  /** How long nobody asks it then, milliseconds. */
  readonly cooldownMs: number;
}

/**
 * Decides whether a store is asked at all: after some failures in a row it is left alone for a while, then one request finds out
 * whether it is back, and all others go on without it until that one has come back.
 */
export class RescueDecider {
  #options: RescueDeciderOptions;
  #state: State = HEALTHY;

  constructor(options: RescueDeciderOptions) {
    this.#options = options;
  }

  set options(options: RescueDeciderOptions) {
    this.#options = options;
  }

  /** True while the store is not trusted. */
  get away(): boolean {
    return this.#state.kind !== 'shared';
  }

  /** Whoever gets `store` or `probe` says how it went with `succeeded` or `failed`, always. */
  route(nowMs: number): RescueRoute {
    const state = this.#state;
    switch (state.kind) {
      case 'shared':
        return 'store';
      case 'probing':
        return 'rescue';
      case 'away':
        if (nowMs < state.untilMs) return 'rescue';
        this.#state = { kind: 'probing' };
        return 'probe';
      default:
        return assertNever(state);
    }
  }

  /** True when the store is back by this. What was asked before the store went away says nothing about now. */
  succeeded(route: 'store' | 'probe'): boolean {
    const back = this.#state.kind !== 'shared';
    if (route === 'store' && back) return false;
    this.#state = HEALTHY;
    return back;
  }

  /** True when the store is away by this. */
  failed(route: 'store' | 'probe', nowMs: number): boolean {
    const state = this.#state;
    if (route === 'probe') {
      this.#state = { kind: 'away', untilMs: nowMs + this.#options.cooldownMs };
      return false;
    }
    if (state.kind !== 'shared') return false;
    const failures = state.failures + 1;
    const away = failures >= this.#options.failuresMax;
    this.#state = away ? { kind: 'away', untilMs: nowMs + this.#options.cooldownMs } : { kind: 'shared', failures };
    return away;
  }
}

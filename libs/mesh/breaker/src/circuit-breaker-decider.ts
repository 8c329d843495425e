import { assertNever } from '@giftmesh/kernel-errors';
import type { Random } from '@giftmesh/kernel-random';
import type { CircuitBreakerSettings } from './circuit-breaker-settings';
import { RollingCounts } from './rolling-counts';

/** What a call's end says about its target; `neither` where it says nothing. */
export type Outcome = 'success' | 'failure' | 'neither';

/** Where a circuit stands. Times are monotonic milliseconds. */
export type CircuitState =
  { readonly kind: 'closed'; readonly sinceMs: number } | { readonly kind: 'open'; readonly untilMs: number } | Ramp;

/** On the way back: a growing share of the calls is let in. */
export interface Ramp {
  readonly kind: 'half-open';
  /** Counted from 0. */
  readonly step: number;
  /** Share of the calls that is let in. 0 until the first success: only single probes until then. */
  readonly rampedShare: number;
  readonly stepSinceMs: number;
  /** Successes in this step. */
  readonly successes: number;
  /** Calls let in since `probesSinceMs`. */
  readonly probes: number;
  readonly probesSinceMs: number;
}

const RESULTS = 0;
const FAILURES = 1;
const SLOW = 2;

/**
 * One circuit: decides from times and results whether a call may go out. Closed while failures and slow calls are few in a sliding
 * window; open for a while when they are not; then half-open, where the share of calls let in climbs with time and success and falls
 * back to nothing with failures. (M. Nygard, Release It!; the ramp is what keeps a target that just came up from being knocked over.)
 *
 * No number of unfinished calls blocks it: probes are counted per time, not by their end.
 */
export class CircuitBreakerDecider {
  #settings: CircuitBreakerSettings;
  readonly #random: Random;
  #counts: RollingCounts;
  #state: CircuitState = { kind: 'closed', sinceMs: -Infinity };
  #generation = 0;
  /** Openings in a row, without a whole window of being closed between them. */
  #openings = 0;
  #closedSinceMs = -Infinity;

  /** @param settings valid ones, see `circuitBreakerSettings`. */
  constructor(settings: CircuitBreakerSettings, random: Random) {
    this.#settings = settings;
    this.#random = random;
    this.#counts = newCounts(settings);
  }

  get state(): CircuitState {
    return this.#state;
  }

  /** Grows with each change of `state.kind`. A call keeps the one it began under, and hands it back with its result. */
  get generation(): number {
    return this.#generation;
  }

  /** Takes other settings; results counted so far are kept unless the window is another one. An open circuit stays open as long as it was going to. */
  configure(settings: CircuitBreakerSettings): void {
    const sameWindow = settings.windowMs === this.#settings.windowMs && settings.buckets === this.#settings.buckets;
    this.#settings = settings;
    if (!sameWindow) this.#counts = newCounts(settings);
    if (this.#state.kind !== 'half-open') return;
    const step = Math.min(this.#state.step, settings.rampShares.length - 1);
    const rampedShare = this.#state.rampedShare === 0 ? 0 : (settings.rampShares[step] ?? 1);
    this.#ramp(this.#state, { step, rampedShare });
  }

  /** 0 when a call may go out; otherwise in how many milliseconds it makes sense to ask again, always above 0. */
  refusedForMs(nowMs: number): number {
    if (this.#state.kind === 'open' && nowMs >= this.#state.untilMs) this.#halfOpen(nowMs);
    if (this.#state.kind === 'half-open') this.#climb(nowMs, this.#state);
    const state = this.#state;
    switch (state.kind) {
      case 'closed':
        return 0;
      case 'open':
        return state.untilMs - nowMs;
      case 'half-open':
        return this.#probe(nowMs, state);
      default:
        return assertNever(state);
    }
  }

  /**
   * The end of a call that was let in.
   * @param generation what it was when the call began; results from before a change of state say nothing about the new one.
   * @param durationMs how long it took; 0 for calls whose length says nothing.
   */
  record(nowMs: number, generation: number, outcome: Outcome, durationMs: number): void {
    if (generation !== this.#generation || outcome === 'neither') return;
    this.#counts.add(nowMs, RESULTS);
    if (outcome === 'failure') this.#counts.add(nowMs, FAILURES);
    if (durationMs >= this.#settings.slowMs) this.#counts.add(nowMs, SLOW);
    if (this.#state.kind === 'half-open') this.#judgeRamp(nowMs, this.#state, outcome);
    else if (this.#isBad(nowMs, this.#settings.samplesMin)) this.#open(nowMs);
  }

  /** Of the results in the window: how many, and which shares of them failed and were slow (0 without results). */
  results(nowMs: number): { readonly samples: number; readonly errorRatio: number; readonly slowRatio: number } {
    const samples = this.#counts.total(nowMs, RESULTS);
    const ratio = (counter: number): number => (samples === 0 ? 0 : this.#counts.total(nowMs, counter) / samples);
    return { samples, errorRatio: ratio(FAILURES), slowRatio: ratio(SLOW) };
  }

  #isBad(nowMs: number, samplesMin: number): boolean {
    const samples = this.#counts.total(nowMs, RESULTS);
    if (samples < samplesMin) return false;
    const { errorRatio, slowRatio } = this.#settings;
    return (
      this.#counts.total(nowMs, FAILURES) >= errorRatio * samples ||
      this.#counts.total(nowMs, SLOW) >= slowRatio * samples
    );
  }

  #judgeRamp(nowMs: number, ramp: Ramp, outcome: 'success' | 'failure'): void {
    if (this.#isBad(nowMs, this.#settings.rampSamplesMin)) return this.#open(nowMs);
    if (outcome === 'failure') return;
    const successes = ramp.successes + 1;
    this.#climb(nowMs, this.#ramp(ramp, { successes, rampedShare: this.#settings.rampShares[ramp.step] ?? 1 }));
  }

  /** One step up when this one has lasted and brought successes enough; closed after the last. */
  #climb(nowMs: number, ramp: Ramp): void {
    const { rampShares, rampStepMs, rampSamplesMin } = this.#settings;
    if (nowMs - ramp.stepSinceMs < rampStepMs || ramp.successes < rampSamplesMin) return;
    const step = ramp.step + 1;
    const rampedShare = rampShares[step];
    if (rampedShare === undefined) this.#close(nowMs);
    else this.#ramp(ramp, { step, rampedShare, stepSinceMs: nowMs, successes: 0 });
  }

  #probe(nowMs: number, ramp: Ramp): number {
    const { rampStepMs, rampSamplesMin } = this.#settings;
    const isOver = nowMs - ramp.probesSinceMs >= rampStepMs;
    const { probes, probesSinceMs } = isOver ? { probes: 0, probesSinceMs: nowMs } : ramp;
    if (probes < rampSamplesMin || this.#random.next() < ramp.rampedShare) {
      this.#ramp(ramp, { probes: probes + 1, probesSinceMs });
      return 0;
    }
    return probesSinceMs + rampStepMs - nowMs;
  }

  #ramp(ramp: Ramp, changes: Partial<Ramp>): Ramp {
    const next = { ...ramp, ...changes };
    this.#state = next;
    return next;
  }

  #open(nowMs: number): void {
    const { windowMs, openMs, openGrowth, openMsMax, jitter } = this.#settings;
    if (nowMs - this.#closedSinceMs >= windowMs && this.#state.kind === 'closed') this.#openings = 0;
    const longMs = Math.min(openMsMax, openMs * openGrowth ** this.#openings);
    this.#openings += 1;
    this.#enter({ kind: 'open', untilMs: nowMs + longMs * (1 - jitter * this.#random.next()) });
  }

  #halfOpen(nowMs: number): void {
    const since = { stepSinceMs: nowMs, probesSinceMs: nowMs };
    this.#enter({ kind: 'half-open', step: 0, rampedShare: 0, successes: 0, probes: 0, ...since });
  }

  #close(nowMs: number): void {
    this.#closedSinceMs = nowMs;
    this.#enter({ kind: 'closed', sinceMs: nowMs });
  }

  #enter(state: CircuitState): void {
    this.#state = state;
    this.#generation += 1;
    this.#counts.clear();
  }
}

function newCounts({ windowMs, buckets }: CircuitBreakerSettings): RollingCounts {
  return new RollingCounts(3, windowMs, buckets);
}

import type { StatusError } from '@giftmesh/kernel-errors';
import { seededRandom, type Random } from '@giftmesh/kernel-random';
import { CallContext, Passage } from '@giftmesh/mesh-context';
import { admission } from '../admission';
import type { Admission, AdmissionOptions } from '../admission-shape';
import { compoundPriority, LEVEL_OPEN, setPriority } from '../priority';
import { SimulatedLoop } from './simulated-loop';

/** What a call costs a server's thread, milliseconds. */
export interface Costs {
  /** To read it, whatever becomes of it. */
  readonly receiveMs: number;
  /** Computing in its handler. */
  readonly computeMs: number;
  /** A place of a pool that it then holds; 0 for none. */
  readonly holdMs: number;
}

export interface SimulationOptions {
  readonly costs: Costs;
  /** Places of the pool. Default 32. */
  readonly places?: number;
  readonly deadlineMs?: number;
  readonly admission: AdmissionOptions | undefined;
  readonly seed: number;
  /** Shares of the business priorities 10, 20, 30, 40. Default 5, 25, 30 and 40 %. */
  readonly shares?: readonly number[];
}

/** Arrivals of one stretch of time. */
export interface Phase {
  readonly ms: number;
  /** Calls a second. */
  readonly rate: number;
}

/** What became of the calls of a phase. */
export interface PhaseResult {
  arrived: number;
  ok: number;
  okTop: number;
  top: number;
  readonly latencies: number[];
}

const BUSINESS = [10, 20, 30, 40];

/** A server on a simulated event loop, with arrivals that wait for nobody. */
export class SimulatedServer {
  readonly loop = new SimulatedLoop();
  readonly control: Admission | undefined;
  readonly results: PhaseResult[] = [];
  /** Good answers in each 100 ms. */
  readonly goodBins: number[] = [];
  readonly #options: SimulationOptions;
  readonly #random: Random;
  #free: number;
  readonly #pool: (() => void)[] = [];

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#free = options.places ?? 32;
    this.control =
      options.admission === undefined
        ? undefined
        : admission({ clock: this.loop, loop: this.loop, random: this.#random.fork(), ...options.admission });
  }

  /** Runs the phases one after another, and a deadline longer. */
  async run(phases: readonly Phase[]): Promise<void> {
    let atMs = this.loop.monotonicMs();
    for (const { ms, rate } of phases) {
      const result: PhaseResult = { arrived: 0, ok: 0, okTop: 0, top: 0, latencies: [] };
      this.results.push(result);
      const endMs = atMs + ms;
      for (;;) {
        const nextMs = atMs - (Math.log(1 - this.#random.next()) / rate) * 1_000;
        if (nextMs > endMs) break;
        atMs = nextMs;
        const sentMs = atMs;
        const business = this.#business();
        const user = this.#random.integer(0, 127);
        this.loop.arrive(sentMs, () => this.#receive(result, sentMs, business, compoundPriority(business, user)));
      }
      atMs = endMs;
    }
    await this.loop.run(atMs + (this.#options.deadlineMs ?? 500));
  }

  #business(): number {
    const shares = this.#options.shares ?? [0.05, 0.25, 0.3, 0.4];
    let left = this.#random.next();
    for (const [index, share] of shares.entries()) {
      left -= share;
      if (left < 0) return BUSINESS[index] as number;
    }
    return BUSINESS.at(-1) as number;
  }

  #receive(result: PhaseResult, sentMs: number, business: number, priority: number): void {
    const { costs, deadlineMs = 500 } = this.#options;
    this.loop.spin(costs.receiveMs);
    const top = business === BUSINESS[0];
    result.arrived += 1;
    if (top) result.top += 1;
    const nowMs = this.loop.monotonicMs();
    const call = new CallContext({
      method: '/a.B/C',
      policy: { deadlineMs, priority: business, idempotency: 'unknown', requestStream: false, responseStream: false },
      clock: this.loop,
      deadlineMs: sentMs + deadlineMs,
      peer: () => '127.0.0.1:1',
      transitMs: nowMs - sentMs,
    });
    setPriority(call, priority);
    let runs = false;
    const passage = new Passage(this.control === undefined ? [] : [this.control], call);
    const cancelTimer = this.loop.schedule(sentMs + deadlineMs - nowMs, () => call.expire());
    const end = (error: StatusError | undefined): void => {
      cancelTimer();
      if (!call.ended) call.finish();
      passage.leave(error, runs);
      if (error !== undefined || this.loop.monotonicMs() > sentMs + deadlineMs) return;
      result.ok += 1;
      if (top) result.okTop += 1;
      const bin = Math.floor(this.loop.monotonicMs() / 100);
      this.goodBins[bin] = (this.goodBins[bin] ?? 0) + 1;
      result.latencies.push(this.loop.monotonicMs() - sentMs);
    };
    call.onCancel(end);
    const handle = async (): Promise<void> => {
      if (call.ended) return;
      runs = true;
      this.loop.spin(costs.computeMs);
      if (costs.holdMs > 0) await this.#hold(costs.holdMs);
      runs = false;
      if (call.ended) passage.done();
      else end(undefined);
    };
    try {
      const waiting = passage.enter();
      if (waiting === undefined) void handle();
      else waiting.then(handle, end);
    } catch (error) {
      end(error as StatusError);
    }
  }

  /** As most pools: whoever waits gets its turn, wanted or not. */
  #hold(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const take = (): void => {
        this.#free -= 1;
        this.loop.schedule(ms, () => {
          this.#free += 1;
          resolve();
          this.#pool.shift()?.();
        });
      };
      if (this.#free > 0) take();
      else this.#pool.push(take);
    });
  }

  /** For people: the last phase's figures against a capacity. */
  figures(phase: number, ms: number, capacity: number): Record<string, number> {
    const { arrived, ok, okTop, top, latencies } = this.results[phase] as PhaseResult;
    const sorted = [...latencies].sort((a, b) => a - b);
    return {
      goodput: ok / ((ms / 1_000) * capacity),
      okShare: arrived === 0 ? 1 : ok / arrived,
      topShare: top === 0 ? 1 : okTop / top,
      p50Ms: sorted[sorted.length >> 1] ?? NaN,
      p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? NaN,
      level: this.control?.level ?? LEVEL_OPEN,
    };
  }
}

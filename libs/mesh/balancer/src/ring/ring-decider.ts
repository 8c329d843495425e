import type { Random } from '@giftmesh/kernel-random';
import type { InFlight, PickedCall } from '../in-flight-decider';
import { twoOf } from '../p2c/p2c-decider';
import { inFlightMax } from './bounded-load-decider';
import type { KetamaRing } from './ketama-ring-decider';

/** What a ring keeps of a backend. */
export interface RingLoad {
  /** Share of the keys and of the calls in flight, relative to the others'. */
  readonly weight: number;
  readonly inFlight: InFlight;
}

/** A backend on a ring. */
export interface RingBackend {
  readonly name: string;
  readonly load: RingLoad;
}

/** A choice, and whether the key's own backend was too busy for it. */
export interface RingChoice<Backend> {
  readonly backend: Backend;
  readonly bounded: boolean;
}

export interface RingDeciderOptions<Backend extends RingBackend> {
  /** Over all backends, usable or not: one that goes away for a moment keeps its place. */
  readonly ring: KetamaRing<Backend>;
  /** Those that can be used now, at least one. */
  readonly usable: readonly Backend[];
  /** Counts the calls on all backends; lives as long as they do. */
  readonly total: InFlight;
  readonly epsilon: number;
  readonly inFlightFree: number;
  readonly random: Random;
}

/** Consistent hashing with bounded loads over those backends of a ring that can be used now. */
export class RingDecider<Backend extends RingBackend> {
  readonly #options: RingDeciderOptions<Backend>;
  readonly #usable: ReadonlySet<Backend>;
  readonly #totalWeight: number;

  /** Throws RangeError when no backend is usable. */
  constructor(options: RingDeciderOptions<Backend>) {
    if (options.usable.length === 0) throw new RangeError('no backends to choose from');
    this.#options = options;
    this.#usable = new Set(options.usable);
    this.#totalWeight = options.usable.reduce((sum, { load }) => sum + load.weight, 0);
  }

  /**
   * The first backend from the key's place on that is usable, below its bound and admitted; when none is, the first that is usable
   * and admitted. Undefined when none is admitted. `admits` is asked at most once for each.
   */
  forKey(key: string, nowMs: number, admits: (backend: Backend) => boolean): RingChoice<Backend> | undefined {
    const { ring, total, epsilon, inFlightFree } = this.#options;
    const totalInFlight = total.count(nowMs);
    const full: Backend[] = [];
    const backend = ring.find(key, (candidate) => {
      if (!this.#usable.has(candidate)) return false;
      const { weight, inFlight } = candidate.load;
      const max = inFlightMax({ totalInFlight, weight, totalWeight: this.#totalWeight, epsilon, inFlightFree });
      if (inFlight.count(nowMs) < max) return admits(candidate);
      full.push(candidate);
      return false;
    });
    if (backend !== undefined) return { backend, bounded: full.length > 0 };
    const busy = full.find(admits);
    return busy === undefined ? undefined : { backend: busy, bounded: false };
  }

  /** For a call without key: of two backends at random the one with fewer calls in flight for its weight, then the others. */
  withoutKey(nowMs: number, admits: (backend: Backend) => boolean): Backend | undefined {
    const { usable, random } = this.#options;
    const pressure = ({ load }: Backend): number => (load.inFlight.count(nowMs) + 1) / load.weight;
    const [first, second] = twoOf(usable.length, random).map((index) => usable[index]) as [Backend, Backend];
    const pair = pressure(first) <= pressure(second) ? [first, second] : [second, first];
    const chosen = pair.find((backend, index) => pair.indexOf(backend) === index && admits(backend));
    return chosen ?? usable.find((backend) => !pair.includes(backend) && admits(backend));
  }

  /** Counts a call in that goes to `backend`. */
  picked(backend: Backend, nowMs: number): PickedCall {
    const here = backend.load.inFlight.picked(nowMs);
    const inAll = this.#options.total.picked(nowMs);
    return {
      started: () => {
        here.started();
        inAll.started();
      },
      ended: () => {
        here.ended();
        inAll.ended();
      },
    };
  }
}

import type { Batcher } from '@giftmesh/kernel-async';
import type { CallMarks } from '@giftmesh/mesh-lanes';

/** The most lanes (with and without the stress mark) that have gifts under way beside those without marks. */
export const MARKED_BATCHERS_MAX = 16;

/**
 * A batcher for inputs without marks, and one for each way in which others are marked: a batch is never of two lanes, and a
 * lane that hangs or is flooded holds up its own only. Those of lanes that have nothing under way are dropped when room is needed.
 */
export class MarkedBatchers<I, O> {
  readonly #plain: Batcher<I, O>;
  readonly #marked = new Map<string, Batcher<I, O>>();

  constructor(private readonly make: (marks: CallMarks | undefined) => Batcher<I, O>) {
    this.#plain = make(undefined);
  }

  /** The batcher for such marks; undefined when as many other lanes as there may be are at work. */
  of(marks: CallMarks | undefined): Batcher<I, O> | undefined {
    if (marks === undefined) return this.#plain;
    const key = marks.ownHeader;
    const known = this.#marked.get(key);
    if (known !== undefined) return known;
    if (this.#marked.size >= MARKED_BATCHERS_MAX) this.#dropIdle();
    if (this.#marked.size >= MARKED_BATCHERS_MAX) return undefined;
    const made = this.make(marks);
    this.#marked.set(key, made);
    return made;
  }

  /** Inputs that wait for a batch. */
  get queued(): number {
    let sum = this.#plain.queued;
    for (const { queued } of this.#marked.values()) sum += queued;
    return sum;
  }

  /** Batches under way. */
  get inFlight(): number {
    let sum = this.#plain.inFlight;
    for (const { inFlight } of this.#marked.values()) sum += inFlight;
    return sum;
  }

  #dropIdle(): void {
    for (const [key, { queued, inFlight }] of this.#marked) if (queued + inFlight === 0) this.#marked.delete(key);
  }
}

import { BUSINESS_MAX, USER_PRIORITIES, type Priority } from './priority';

/** Counts what a server has shed, by business priority: from 0 to `BUSINESS_MAX`, so it is bounded. */
export class ShedCounts {
  readonly #counts = new Float64Array(BUSINESS_MAX + 1);

  add(priority: Priority): void {
    const business = Math.floor(priority / USER_PRIORITIES);
    this.#counts[business] = (this.#counts[business] ?? 0) + 1;
  }

  /** Priorities of which none was shed are absent. */
  byPriority(): ReadonlyMap<number, number> {
    const sheds = new Map<number, number>();
    for (const [business, count] of this.#counts.entries()) if (count > 0) sheds.set(business, count);
    return sheds;
  }
}

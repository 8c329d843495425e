import type { AssetType } from '@giftmesh/domain-money';

/** Debits of an account that were counted: `[first, last]` of each run of numbers without a gap, ascending. */
export type DebitRuns = readonly (readonly [first: number, last: number])[];

/** Which account, and which of its debits were counted. */
export interface SeenAccount {
  readonly userId: bigint;
  readonly assetType: AssetType;
  readonly runs: DebitRuns;
}

/**
 * The most runs that are kept of an account. Beyond it the oldest gap counts as filled: what stood there and comes that
 * late is not counted any more.
 */
export const DEBIT_RUNS_MAX = 8;

/**
 * Which debits of an account were counted already. A log may repeat an event, and the debits of an account are numbered
 * 1, 2, 3, ... without gaps, so a few runs of numbers remember all of them exactly.
 */
export class SeenDebits {
  readonly #runs: [first: number, last: number][];

  constructor(runs: DebitRuns = []) {
    this.#runs = runs.map(([first, last]) => [first, last]);
  }

  get runs(): DebitRuns {
    return this.#runs;
  }

  /** Notes a debit; false when it was noted before. */
  add(seq: number): boolean {
    const runs = this.#runs;
    let index = runs.length - 1;
    while (index >= 0 && (runs[index] as [number, number])[0] > seq) index -= 1;
    const before = runs[index];
    const after = runs[index + 1];
    if (before !== undefined && seq <= before[1]) return false;
    const extendsBefore = before !== undefined && seq === before[1] + 1;
    const extendsAfter = after !== undefined && seq === after[0] - 1;
    if (extendsBefore && extendsAfter) {
      before[1] = after[1];
      runs.splice(index + 1, 1);
    } else if (extendsBefore) before[1] = seq;
    else if (extendsAfter) after[0] = seq;
    else {
      runs.splice(index + 1, 0, [seq, seq]);
      if (runs.length > DEBIT_RUNS_MAX) this.#fillOldestGap();
    }
    return true;
  }

  #fillOldestGap(): void {
    const [first, second] = this.#runs;
    if (first === undefined || second === undefined) return;
    this.#runs.splice(0, 2, [first[0], second[1]]);
  }
}

import type { Random } from '@giftmesh/kernel-random';

/** What can go wrong, each with how often it is tried (0 to 1). */
export interface FaultRates {
  /** A call to another service gets lost before it arrives. */
  readonly requestLost: number;
  /** …is done, and its answer gets lost. */
  readonly responseLost: number;
  /** An append fails without effect. */
  readonly appendFails: number;
  /** …is done, and says that it failed. */
  readonly appendUnsure: number;
  /** …stands in the log twice. */
  readonly appendTwice: number;
  readonly ledgerFails: number;
  readonly ledgerUnsure: number;
  readonly storeFails: number;
  readonly storeUnsure: number;
  readonly noticeLost: number;
  readonly noticeTwice: number;
}

export const NO_FAULTS: FaultRates = {
  requestLost: 0,
  responseLost: 0,
  appendFails: 0,
  appendUnsure: 0,
  appendTwice: 0,
  ledgerFails: 0,
  ledgerUnsure: 0,
  storeFails: 0,
  storeUnsure: 0,
  noticeLost: 0,
  noticeTwice: 0,
};

/** Rates of one run: each fault is left out in about half of the runs, so that rare combinations come up. */
export function drawFaultRates(random: Random): FaultRates {
  const draw = (): number => (random.chance(0.5) ? 0 : random.next() * 0.2);
  return Object.fromEntries(Object.keys(NO_FAULTS).map((name) => [name, draw()])) as unknown as FaultRates;
}

export type FaultName =
  keyof FaultRates | 'stationKilled' | 'daKilled' | 'secondDa' | 'storeLost' | 'clockJumped' | 'poison';

/** Decides about faults and counts those that happened. */
export class Faults {
  readonly counts = new Map<FaultName, number>();
  #rates: FaultRates;

  constructor(
    private readonly random: Random,
    rates: FaultRates,
  ) {
    this.#rates = rates;
  }

  /** From now on nothing goes wrong any more. */
  heal(): void {
    this.#rates = NO_FAULTS;
  }

  happens(name: keyof FaultRates): boolean {
    if (!this.random.chance(this.#rates[name])) return false;
    this.count(name);
    return true;
  }

  count(name: FaultName): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}

/** What a faulty port throws. */
export class SimulatedFault extends Error {
  override readonly name = 'SimulatedFault';
}

import type { Random } from '@giftmesh/kernel-random';

/** Who calls whom. A call between two machines may come to grief in each of {@link TROUBLES}. */
export const LINKS = ['client>station', 'station>da', 'station>store', 'station>log', 'da>log', 'da>ledger'] as const;
export type LinkName = (typeof LINKS)[number];

/** What becomes of a call on its way. */
export const TROUBLES = [
  /** It never arrives. */
  'request lost',
  /** It arrives, perhaps when its caller has given up. */
  'request late',
  /** It has its effect, and nobody is told. */
  'answer lost',
  /** It has its effect, and its caller may have given up when the answer comes. */
  'answer late',
] as const;
export type Trouble = (typeof TROUBLES)[number];
export type LinkFault = `${LinkName} ${Trouble}`;

/** What a server or the way of notices does to single calls. */
export const PORT_FAULTS = [
  /** A producer that got no answer has sent the same batch again. */
  'log append twice',
  /** Another copy of a batch arrives when its sender has long gone on. */
  'log append late copy',
  /** The leader of a partition changes: a part of the batch stands in the log, and the sender hears of a failure. */
  'log append in part',
  /** The ledger rolls a transaction back for the sake of another one. */
  'ledger deadlock',
  'notice lost',
  'notice twice',
] as const;
export type PortFault = (typeof PORT_FAULTS)[number];

/** What comes to pass now and then, see `disasters.ts` and `workload.ts`. */
export const DISASTERS = [
  ...LINKS.map((link) => `${link} cut` as const),
  ...LINKS.map((link) => `${link} slow` as const),
  'station killed',
  'station stopped',
  'da killed',
  'da stopped',
  'da came back late',
  'partitions moved',
  'clock jumped',
  'store away',
  'store lost nothing',
  'store lost tail',
  'store restored older copy',
  'store lost everything',
  'store promoted replica',
  'store promoted replica, old master still answers',
  'store lost a part of its shards',
  'store forgot scripts',
  'log away',
  'log lost tail',
  'log position out of range',
  'ledger away',
  'poison event',
  'poison bytes',
  'poison type',
  'poison amount',
  'poison id',
  'bad request',
] as const;
export type Disaster = (typeof DISASTERS)[number];

export type RatedFault = LinkFault | PortFault;
export type FaultName = RatedFault | Disaster;

const RATED_FAULTS: readonly RatedFault[] = [
  ...LINKS.flatMap((link) => TROUBLES.map((trouble): LinkFault => `${link} ${trouble}`)),
  ...PORT_FAULTS,
];

/** Everything that can go wrong. A long run in which one of them never happened shows nothing about it, and fails. */
export const FAULT_NAMES: readonly FaultName[] = [...RATED_FAULTS, ...DISASTERS];

/** How often each of them is tried, 0 to 1. */
export type FaultRates = ReadonlyMap<RatedFault, number>;

/** The most that one fault is tried. */
const RATE_MAX = 0.15;
/** Of how many runs a fault is left out, so that rare combinations come up. */
const LEFT_OUT = 0.7;

/** Rates of one run. */
export function drawFaultRates(random: Random): FaultRates {
  return new Map(RATED_FAULTS.map((name) => [name, random.chance(LEFT_OUT) ? 0 : random.next() * RATE_MAX]));
}

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
    this.#rates = new Map();
  }

  happens(name: RatedFault): boolean {
    const rate = this.#rates.get(name) ?? 0;
    if (rate === 0 || !this.random.chance(rate)) return false;
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

import type { Random } from '@giftmesh/kernel-random';
import type { Clock } from '@giftmesh/kernel-time';
import { LINKS, SimulatedFault, TROUBLES, type Faults, type LinkFault, type LinkName, type Trouble } from './faults';
import { Machine, SimulatedProcess, type Scheduler } from './scheduler';

/** Which half of the calls between two machines gets lost. */
export type CutWay = 'requests' | 'answers';

/** Who or what is called. */
export interface Callee {
  readonly link: LinkName;
  readonly machine: Machine;
  /** After how long the caller gives up, milliseconds. */
  readonly timeoutMs: number;
}

/** What is late on a link that is slow: most of what goes over it, either way. */
const SLOW_SHARE = 0.7;
/** How late something is at most, in timeouts of its caller: half of what is late is too late. */
const LATE_MAX = 2;

/** Names of faults, made once. */
const TROUBLES_OF = Object.fromEntries(
  LINKS.map((link) => [link, Object.fromEntries(TROUBLES.map((trouble) => [trouble, `${link} ${trouble}`]))]),
) as Readonly<Record<LinkName, Readonly<Record<Trouble, LinkFault>>>>;

/** All ways between machines. Whoever is cut off does not learn of it but by its timeouts. */
export class Network {
  /** Whose steps nobody's death ends: what is on its way arrives. */
  readonly world = new SimulatedProcess(new Machine('world'));
  readonly #cuts = new Set<string>();
  readonly #slow = new Set<string>();

  constructor(
    readonly scheduler: Scheduler,
    readonly faults: Faults,
    readonly random: Random,
  ) {}

  cut(from: Machine, to: Machine, way: CutWay): void {
    this.#cuts.add(keyOf(from, to, way));
  }

  mend(from: Machine, to: Machine, way: CutWay): void {
    this.#cuts.delete(keyOf(from, to, way));
  }

  /** Most calls between the two are late, or their answers are. */
  slow(from: Machine, to: Machine): void {
    this.#slow.add(pairOf(from, to));
  }

  quicken(from: Machine, to: Machine): void {
    this.#slow.delete(pairOf(from, to));
  }

  mendAll(): void {
    this.#cuts.clear();
    this.#slow.clear();
  }

  isCut(from: Machine, to: Machine, way: CutWay): boolean {
    return this.#cuts.size > 0 && this.#cuts.has(keyOf(from, to, way));
  }

  /** True when what goes between the two now is late: drawn for each call and each way while the link is slow. */
  isLate(from: Machine, to: Machine): boolean {
    return this.#slow.size > 0 && this.#slow.has(pairOf(from, to)) && this.random.chance(SLOW_SHARE);
  }
}

/** One process's way to the others: each call takes its turns, may get lost before its effect or after it, and may come late. */
export class Link {
  readonly clock: Clock;

  constructor(
    readonly network: Network,
    readonly process: SimulatedProcess,
  ) {
    this.clock = network.scheduler.clockOf(process);
  }

  get faults(): Faults {
    return this.network.faults;
  }

  /** Waits for this process's turn. */
  step(): Promise<void> {
    return this.network.scheduler.step(this.process);
  }

  /** Rejects when there is no answer in time; what was asked for may have happened then, may happen later, or never. */
  call<T>(callee: Callee, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const cancel = this.clock.schedule(callee.timeoutMs, () =>
        reject(new SimulatedFault(`${callee.link}: no answer within ${callee.timeoutMs} ms`)),
      );
      this.#carry(callee, work).then(resolve, reject).finally(cancel);
    });
  }

  async #carry<T>(callee: Callee, work: () => Promise<T>): Promise<T> {
    const { link, machine } = callee;
    const { faults, network } = this;
    await this.step();
    const troubles = TROUBLES_OF[link];
    if (network.isCut(this.process.machine, machine, 'requests') || faults.happens(troubles['request lost']))
      await this.#lose(callee);
    const isLate = (): boolean => network.isLate(this.process.machine, machine);
    if (faults.happens(troubles['request late']) || isLate()) await this.#delay(callee);
    const answer = await outcomeOf(work);
    if (faults.happens(troubles['answer late']) || isLate()) await this.#delay(callee);
    await this.step();
    if (network.isCut(this.process.machine, machine, 'answers') || faults.happens(troubles['answer lost']))
      await this.#lose(callee);
    if ('error' in answer) throw answer.error;
    return answer.value;
  }

  /** Some losses are noticed at once (a connection that breaks), the others by the timeout. */
  #lose({ link }: Callee): Promise<void> {
    return this.network.random.chance(0.5)
      ? Promise.reject(new SimulatedFault(`${link}: connection lost`))
      : new Promise(() => undefined);
  }

  async #delay({ timeoutMs }: Callee): Promise<void> {
    const { random, scheduler, world } = this.network;
    await new Promise<void>((resolve) => scheduler.clock.schedule(random.integer(0, LATE_MAX * timeoutMs), resolve));
    await scheduler.step(world);
  }
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

async function outcomeOf<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error };
  }
}

const pairOf = (from: Machine, to: Machine): string => `${from.name}>${to.name}`;

const keyOf = (from: Machine, to: Machine, way: CutWay): string => `${from.name}>${to.name} ${way}`;

import type { Random } from '@giftmesh/kernel-random';
import type { Cluster, Slot } from './cluster';
import { LINKS, type Faults, type LinkName } from './faults';
import type { ComeBack, LosingStore } from './losing-store';
import type { CutWay } from './network';
import type { PoisonRecords } from './poison-records';
import type { Machine } from './scheduler';

/** The longest that something is away, cut off or stopped, milliseconds: longer than any caller waits. */
const AWAY_MS_MAX = 6_000;
/** How far a clock is put forward or back, milliseconds. */
const CLOCK_JUMP_MS_MAX = 60_000;
/** How long after a recovery of the store the log may lose something, milliseconds: longer than any call takes. */
const STORE_CALM_MS = 3_000;
/** How often the way to the log, or to the store, is slow while the store is lost. */
const SLOW_AT_LOSS = 0.3;
const RECORDS_LOST_MAX = 20;
const WRITES_LOST_MAX = 10;

type AnySlot = Slot<{ close(): Promise<void> }>;

/** What comes to pass while clients act, one thing at a time, and goes by itself where it goes by. */
export class Disasters {
  constructor(
    private readonly cluster: Cluster,
    private readonly faults: Faults,
    private readonly poison: PoisonRecords,
    private readonly random: Random,
  ) {}

  /** Lets something go wrong. */
  async one(): Promise<void> {
    const { cluster, random } = this;
    switch (random.integer(0, 14)) {
      case 0:
      case 1:
        return this.#cut();
      case 2:
        return this.#kill(random.pick(cluster.stations), 'station killed');
      case 3:
        return this.#kill(random.pick(cluster.das), 'da killed');
      case 4:
        return this.#stop(random.pick(cluster.stations), 'station stopped');
      case 5:
        return this.#stop(random.pick(cluster.das), 'da stopped');
      case 6:
        this.faults.count('partitions moved');
        return cluster.group.reshuffle();
      case 7:
        this.faults.count('clock jumped');
        random.pick([...cluster.stations, ...cluster.das]).machine.clockOffsetMs = random.integer(
          -CLOCK_JUMP_MS_MAX,
          CLOCK_JUMP_MS_MAX,
        );
        return;
      case 8:
      case 9:
        return this.#loseStore();
      case 10:
        return this.#takeAway();
      case 11:
        return this.#loseLog();
      case 12:
        return this.#hideLog();
      case 13:
        return this.#slow(random.pick(LINKS));
      default:
        return this.poison.append();
    }
  }

  #cut(): void {
    const link = this.random.pick(LINKS);
    const [from, to] = this.#endsOf(link).map((machines) => this.random.pick(machines)) as [Machine, Machine];
    this.faults.count(`${link} cut`);
    this.#cutFor([from], to, this.random.pick([['requests'], ['answers'], ['requests', 'answers']] as const));
  }

  /** A link is slow for everybody who uses it: what is on its way meets what comes to pass meanwhile. */
  #slow(link: LinkName): void {
    const { network, clock } = this.cluster;
    const [from, to] = this.#endsOf(link);
    this.faults.count(`${link} slow`);
    for (const caller of from) for (const machine of to) network.slow(caller, machine);
    clock.schedule(this.#awayMs(), () => {
      for (const caller of from) for (const machine of to) network.quicken(caller, machine);
    });
  }

  #endsOf(link: LinkName): readonly [readonly Machine[], readonly Machine[]] {
    const { clientMachine, stations, das, store, logMachine, ledgerMachine } = this.cluster;
    const machinesOf = (slots: readonly { readonly machine: Machine }[]): Machine[] =>
      slots.map(({ machine }) => machine);
    switch (link) {
      case 'client>station':
        return [[clientMachine], machinesOf(stations)];
      case 'station>da':
        return [machinesOf(stations), machinesOf(das)];
      case 'station>store':
        return [machinesOf(stations), machinesOf(store)];
      case 'station>log':
        return [machinesOf(stations), [logMachine]];
      case 'da>log':
        return [machinesOf(das), [logMachine]];
      case 'da>ledger':
        return [machinesOf(das), [ledgerMachine]];
    }
  }

  #cutFor(from: readonly Machine[], to: Machine, ways: readonly CutWay[]): void {
    const { network, clock } = this.cluster;
    for (const machine of from) for (const way of ways) network.cut(machine, to, way);
    clock.schedule(this.#awayMs(), () => {
      for (const machine of from) for (const way of ways) network.mend(machine, to, way);
    });
  }

  #kill(slot: AnySlot, name: 'station killed' | 'da killed'): void {
    if (slot.running === undefined) return slot.start();
    this.faults.count(name);
    slot.kill();
    this.cluster.clock.schedule(this.random.chance(0.5) ? 0 : this.#awayMs(), () => slot.start());
  }

  #stop(slot: AnySlot, name: 'station stopped' | 'da stopped'): void {
    const process = slot.running?.process;
    if (process === undefined || process.stopped) return;
    this.faults.count(name);
    process.stop();
    this.cluster.clock.schedule(this.#awayMs(), () => process.continue());
  }

  async #loseStore(): Promise<void> {
    // Two losses at once, of the log's end and of the store's, take what no third copy has.
    if (this.cluster.log.lacksEvents) return;
    const { random } = this;
    const nodes = random.chance(0.5) ? this.cluster.store : [random.pick(this.cluster.store)];
    if (nodes.length < this.cluster.store.length) this.faults.count('store lost a part of its shards');
    const kind = random.integer(0, 6);
    // What has been decided and is not written yet, or asked and not heard, comes while the store is recovered.
    for (const link of ['station>log', 'station>store'] as const) if (random.chance(SLOW_AT_LOSS)) this.#slow(link);
    for (const node of nodes) await this.#loseNode(node, kind);
  }

  async #loseNode(node: LosingStore, kind: number): Promise<void> {
    const { faults, random } = this;
    const tail = Math.min(node.writes, random.integer(1, WRITES_LOST_MAX));
    const lose = (count: number, comeBack: ComeBack = 'restarted'): Promise<void> => node.loseLast(count, comeBack);
    switch (kind) {
      case 0:
        faults.count('store lost nothing');
        return lose(0);
      case 1:
        faults.count('store lost tail');
        return lose(tail);
      case 2:
        faults.count('store restored older copy');
        return lose(random.integer(0, node.writes));
      case 3:
        faults.count('store lost everything');
        return lose(node.writes);
      case 4:
        faults.count('store promoted replica');
        return lose(random.integer(0, tail), 'promoted');
      case 5:
        faults.count('store promoted replica');
        return lose(random.integer(0, tail), 'promoted beside the old master');
      default:
        faults.count('store forgot scripts');
        return node.forgetScripts();
    }
  }

  #takeAway(): void {
    const { das, stations, store, logMachine, ledgerMachine } = this.cluster;
    const all = [...stations, ...das].map(({ machine }) => machine);
    const name = this.random.pick(['store away', 'log away', 'ledger away'] as const);
    const server = {
      'store away': this.random.pick(store).machine,
      'log away': logMachine,
      'ledger away': ledgerMachine,
    };
    this.faults.count(name);
    this.#cutFor(all, server[name], ['requests']);
  }

  #loseLog(): void {
    const { log, store } = this.cluster;
    // Not while the store is recovered, or may be by a call that comes late: what is in its outbox goes then, see there.
    if (store.some((node) => node.calmForMs < STORE_CALM_MS)) return;
    const lost = log.loseTail(this.random.integer(0, log.partitionCount - 1), this.random.integer(1, RECORDS_LOST_MAX));
    if (lost > 0) this.faults.count('log lost tail');
  }

  #hideLog(): void {
    const { log, clock } = this.cluster;
    log.hideTail(this.random.integer(0, log.partitionCount - 1), this.random.integer(1, RECORDS_LOST_MAX));
    clock.schedule(this.#awayMs(), () => {
      log.showAll();
      this.cluster.restartHalted();
    });
  }

  #awayMs(): number {
    return this.random.integer(10, AWAY_MS_MAX);
  }
}

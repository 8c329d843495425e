import type { da } from '@giftmesh/contract';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import type { Random } from '@giftmesh/kernel-random';
import { SimulatedClock, type Clock } from '@giftmesh/kernel-time';
import { MemoryBalanceStore } from '@giftmesh/adapter-memory';
import { ShardMap } from '@giftmesh/domain-money';
import { MemoryLedger } from '@giftmesh/domain-money/testing';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { createPaymentDa, type PaymentDa } from '@giftmesh/service-payment-da';
import {
  DEFAULT_SWEEPER_OPTIONS,
  createPaymentStation,
  type OutgoingCallOptions,
  type PaymentDaClient,
  type PaymentStation,
} from '@giftmesh/service-payment-station';
import { clusteredStore } from './clustered-store';
import { ConsumerGroup } from './consumer-group';
import type { Faults } from './faults';
import { FaultyNotices, faultyLedger, faultyLog, type LogServers } from './faulty-ports';
import { LosingStore } from './losing-store';
import { Link, Network } from './network';
import type { PoisonedEvents } from './poison';
import { Machine, Scheduler, SimulatedProcess } from './scheduler';
import { SimulatedLog } from './simulated-log';

const SHARDS = new ShardMap(8, 4);
const CALL_TIMEOUT_MS = 3_000;
const STATIONS_MAX = 3;
const DAS_MAX = 3;
const STORE_NODES_MAX = 3;
/** How far a machine's clock is from the true time when nothing has happened to it, milliseconds. */
const CLOCK_OFFSET_MS_MAX = 1_000;

/** A machine for processes of one service, and the one that runs there. */
export class Slot<S extends { close(): Promise<void> }> {
  #running: { readonly process: SimulatedProcess; readonly service: S } | undefined;

  constructor(
    readonly machine: Machine,
    private readonly create: (process: SimulatedProcess) => S,
  ) {}

  get running(): { readonly process: SimulatedProcess; readonly service: S } | undefined {
    return this.#running;
  }

  start(): void {
    if (this.#running !== undefined) return;
    const process = new SimulatedProcess(this.machine);
    this.#running = { process, service: this.create(process) };
  }

  kill(): void {
    this.#running?.process.kill();
    void this.#running?.service.close();
    this.#running = undefined;
  }
}

/** Stations, DAs, and the world they live in: the store's nodes, log, ledger, notices, a network between them, clocks. */
export class Cluster {
  readonly clock = new SimulatedClock();
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly log: SimulatedLog;
  readonly group: ConsumerGroup;
  readonly ledger: MemoryLedger;
  readonly store: readonly LosingStore[];
  readonly stations: readonly Slot<PaymentStation>[];
  readonly das: readonly Slot<PaymentDa>[];
  readonly clientMachine = new Machine('client');
  readonly logMachine = new Machine('log');
  readonly ledgerMachine = new Machine('ledger');
  readonly #notices = new FaultyNotices();

  constructor(
    private readonly random: Random,
    faults: Faults,
    private readonly poison: PoisonedEvents,
  ) {
    this.scheduler = new Scheduler(this.clock, random.fork());
    this.network = new Network(this.scheduler, faults, random.fork());
    this.log = new SimulatedLog(SHARDS.partitionCount, moneyLogCodec);
    this.group = new ConsumerGroup(this.log, this.logMachine);
    this.ledger = new MemoryLedger(this.clock, SHARDS);
    this.store = this.#storeNodes();
    this.stations = this.#slots('station', STATIONS_MAX, (process) => this.#startStation(process));
    this.das = this.#slots('da', DAS_MAX, (process) => this.#startDa(process));
  }

  /** Everything runs and is reached again. */
  heal(): void {
    this.network.mendAll();
    this.log.showAll();
    for (const slot of [...this.stations, ...this.das]) {
      slot.running?.process.continue();
      slot.start();
    }
    this.restartHalted();
  }

  /** Whoever met a position that the log did not hold is started again. */
  restartHalted(): void {
    for (const slot of this.das) {
      if (slot.running?.service.settler.failure?.name !== 'LogPositionError') continue;
      slot.kill();
      slot.start();
    }
  }

  /** Outbox entries, whoever reaches them. */
  async outboxSize(): Promise<number> {
    let size = 0;
    for (const { store } of this.store) size += await store.outboxSize();
    return size;
  }

  /** True when the ledger has all that stands in the log. */
  async isAllApplied(): Promise<boolean> {
    const applied = new Map((await this.ledger.positions()).map(({ partition, offset }) => [partition, offset]));
    return this.log.endPositions().every(({ partition, offset }) => (applied.get(partition) ?? 0) === offset);
  }

  /** Calls a station as a client would: bounded in time, over a link that may lose either way. */
  callStation<T>(call: (station: PaymentStation) => Promise<T>): Promise<T> {
    const client = new Link(this.network, new SimulatedProcess(this.clientMachine));
    const { machine } = this.random.pick(this.stations);
    const slot = this.stations.find((other) => other.machine === machine);
    return client.call({ link: 'client>station', machine, timeoutMs: CALL_TIMEOUT_MS }, () => this.#serve(slot, call));
  }

  /** Runs a call in the process that is there now, in its turn. */
  async #serve<S extends { close(): Promise<void> }, T>(
    slot: Slot<S> | undefined,
    call: (service: S) => Promise<T>,
  ): Promise<T> {
    if (slot?.running === undefined)
      throw new StatusError({ code: StatusCode.UNAVAILABLE, reason: 'DOWN', message: 'nobody listens' });
    const { process, service } = slot.running;
    await this.scheduler.step(process);
    return call(service);
  }

  #storeNodes(): LosingStore[] {
    const count = this.random.integer(1, STORE_NODES_MAX);
    // Tiny limits, so that runs meet them.
    const limits = {
      outboxMax: this.random.integer(20, 200),
      markersMax: this.random.integer(1, 50),
      accountsMax: 1_000,
    };
    return Array.from({ length: count }, (_, node) => {
      const own = SHARDS.allShards().filter((shard) => shard % count === node);
      const create = (clock: Pick<Clock, 'monotonicMs'>): MemoryBalanceStore =>
        new MemoryBalanceStore({ shards: SHARDS, clock, ...limits });
      return new LosingStore(new Machine(`store-${node + 1}`), this.clock, create, own, (userId) =>
        SHARDS.shardOf(userId),
      );
    });
  }

  #slots<S extends { close(): Promise<void> }>(
    name: string,
    countMax: number,
    create: (process: SimulatedProcess) => S,
  ): Slot<S>[] {
    return Array.from({ length: this.random.integer(1, countMax) }, (_, index) => {
      const machine = new Machine(`${name}-${index + 1}`);
      machine.clockOffsetMs = this.random.integer(-CLOCK_OFFSET_MS_MAX, CLOCK_OFFSET_MS_MAX);
      return new Slot(machine, create);
    });
  }

  get #logServers(): LogServers {
    return { machine: this.logMachine, log: this.log, group: this.group };
  }

  #startStation(process: SimulatedProcess): PaymentStation {
    const link = new Link(this.network, process);
    const service = createPaymentStation(
      {
        clock: link.clock,
        store: clusteredStore(
          SHARDS,
          this.store.map((node) => ({ shards: node.shards, store: node.connect(link) })),
        ),
        log: faultyLog(link, 'station>log', this.#logServers),
        ledger: this.#daClient(link),
        notices: this.#notices.forProcess(link),
        shards: SHARDS,
      },
      {
        sweeper: {
          ...DEFAULT_SWEEPER_OPTIONS,
          minAgeMs: 500,
          intervalMs: 400,
          idleMs: this.random.integer(1_000, 5_000),
          inspectEveryMs: 1,
        },
      },
    );
    void service.start();
    return service;
  }

  #startDa(process: SimulatedProcess): PaymentDa {
    const link = new Link(this.network, process);
    const service = createPaymentDa({
      clock: link.clock,
      log: faultyLog(link, 'da>log', this.#logServers),
      codec: moneyLogCodec,
      ledger: faultyLedger(link, this.ledgerMachine, this.ledger, this.poison),
      notices: this.#notices.forProcess(link),
      shards: SHARDS,
    });
    service.start();
    return service;
  }

  #daClient(link: Link): PaymentDaClient {
    const call = <Q, A>(method: (da: PaymentDa) => (request: Q) => Promise<A>) => {
      return (request: Q, options?: OutgoingCallOptions): Promise<A> => {
        const slot = this.random.pick(this.das);
        const timeoutMs = options?.timeoutMs ?? CALL_TIMEOUT_MS;
        return link.call({ link: 'station>da', machine: slot.machine, timeoutMs }, () =>
          this.#serve(slot, (service) => method(service)(request)),
        );
      };
    };
    return {
      loadAssets: call((service) => service.handlers.loadAssets),
      checkEvents: call((service) => service.handlers.checkEvents),
      listAssetRecords: call((service) => service.handlers.listAssetRecords),
      applyOrder: call((service) => service.handlers.applyOrder),
      reverseEvent: call((service) => service.handlers.reverseEvent),
      raiseGeneration: call<da.RaiseGenerationRequest, da.RaiseGenerationResponse>(
        (service) => service.handlers.raiseGeneration,
      ),
    };
  }
}

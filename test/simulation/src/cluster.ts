import type { da } from '@giftmesh/contract';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import type { Random } from '@giftmesh/kernel-random';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { MemoryBalanceStore } from '@giftmesh/adapter-memory';
import { ShardMap, type LogEntry } from '@giftmesh/domain-money';
import { MemoryEventLog, MemoryLedger } from '@giftmesh/domain-money/testing';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { createPaymentDa, type PaymentDa } from '@giftmesh/service-payment-da';
import {
  DEFAULT_SWEEPER_OPTIONS,
  createPaymentStation,
  type OutgoingCallOptions,
  type PaymentDaClient,
  type PaymentStation,
} from '@giftmesh/service-payment-station';
import { SimulatedFault, type Faults } from './faults';
import { FaultyNotices, Link, faultyLedger, faultyLog } from './faulty-ports';
import { LosingStore } from './losing-store';
import type { PoisonedEvents } from './poison';
import { Scheduler, SimulatedProcess } from './scheduler';

const SHARDS = new ShardMap(8, 2);
const CALL_TIMEOUT_MS = 3_000;

interface Running<S> {
  readonly process: SimulatedProcess;
  readonly service: S;
}

/** One station, one DA (at times two), and the world they live in: store, log, ledger, notices, clock. */
export class Cluster {
  readonly clock = new SimulatedClock();
  readonly scheduler: Scheduler;
  readonly log: MemoryEventLog<LogEntry>;
  readonly ledger: MemoryLedger;
  readonly store: LosingStore;
  readonly #notices = new FaultyNotices();
  #station: Running<PaymentStation> | undefined;
  #das: Running<PaymentDa>[] = [];
  #processes = 0;

  constructor(
    private readonly random: Random,
    private readonly faults: Faults,
    private readonly poison: PoisonedEvents,
  ) {
    this.scheduler = new Scheduler(this.clock, random.fork());
    this.log = new MemoryEventLog<LogEntry>({ clock: this.clock, partitionCount: SHARDS.partitionCount });
    this.ledger = new MemoryLedger(this.clock, SHARDS);
    // Tiny limits, so that runs meet them.
    const limits = { outboxMax: random.integer(20, 200), markersMax: random.integer(1, 50), accountsMax: 1_000 };
    this.store = new LosingStore(() => new MemoryBalanceStore({ shards: SHARDS, ...limits }), SHARDS.allShards());
  }

  get stationAlive(): boolean {
    return this.#station !== undefined;
  }

  get daCount(): number {
    return this.#das.length;
  }

  /** Why each DA can't serve. */
  get daProblems(): readonly (string | undefined)[] {
    return this.#das.map(({ service }) => service.problem());
  }

  startStation(): void {
    const link = this.#link('station');
    const service = createPaymentStation(
      {
        clock: this.scheduler.clockOf(link.process),
        store: this.store.connect(link),
        log: faultyLog(link, this.log),
        ledger: this.#daClient(link),
        notices: this.#notices.forProcess(link),
        shards: SHARDS,
      },
      {
        sweeper: {
          ...DEFAULT_SWEEPER_OPTIONS,
          minAgeMs: 500,
          intervalMs: 200,
          idleMs: this.random.integer(1_000, 5_000),
        },
      },
    );
    this.#station = { process: link.process, service };
    void service.start();
  }

  killStation(): void {
    this.#station?.process.kill();
    void this.#station?.service.close();
    this.#station = undefined;
  }

  startDa(): void {
    const link = this.#link('da');
    const service = createPaymentDa({
      clock: this.scheduler.clockOf(link.process),
      log: faultyLog(link, this.log),
      codec: moneyLogCodec,
      ledger: faultyLedger(link, this.ledger, this.poison),
      notices: this.#notices.forProcess(link),
      shards: SHARDS,
    });
    this.#das.push({ process: link.process, service });
    service.start();
  }

  /** Kills the oldest DA. */
  killDa(): void {
    const da = this.#das.shift();
    da?.process.kill();
    void da?.service.close();
  }

  /** Calls the station as a client would: bounded in time, over a link that may lose either way. */
  callStation<T>(call: (station: PaymentStation) => Promise<T>): Promise<T> {
    const client = this.#link('client');
    return this.#call(client, CALL_TIMEOUT_MS, () => {
      if (this.#station === undefined) throw unavailable('no station');
      return call(this.#station.service);
    });
  }

  get station(): PaymentStation | undefined {
    return this.#station?.service;
  }

  #link(name: string): Link {
    this.#processes += 1;
    return new Link(this.scheduler, new SimulatedProcess(`${name}-${this.#processes}`), this.faults);
  }

  #daClient(link: Link): PaymentDaClient {
    const call = <Q, A>(method: (da: PaymentDa) => (request: Q) => Promise<A>) => {
      return (request: Q, options?: OutgoingCallOptions): Promise<A> =>
        this.#call(link, options?.timeoutMs ?? CALL_TIMEOUT_MS, () => {
          if (this.#das.length === 0) throw unavailable('no DA');
          return method(this.random.pick(this.#das).service)(request);
        });
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

  #call<T>(link: Link, timeoutMs: number, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const cancel = this.scheduler
        .clockOf(link.process)
        .schedule(timeoutMs, () => reject(new SimulatedFault('timed out')));
      link.call(work, 'requestLost', 'responseLost').then(resolve, reject).finally(cancel);
    });
  }
}

function unavailable(message: string): StatusError {
  return new StatusError({ code: StatusCode.UNAVAILABLE, reason: 'DOWN', message });
}

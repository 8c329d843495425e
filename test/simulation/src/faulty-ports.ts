import {
  LedgerUnavailableError,
  type EventLog,
  type Ledger,
  type LogAppend,
  type LogEntry,
  type SettledNotice,
  type SettledNotices,
} from '@giftmesh/domain-money';
import type { ConsumerGroup } from './consumer-group';
import { SimulatedFault } from './faults';
import type { Callee, Link } from './network';
import type { PoisonedEvents } from './poison';
import type { Machine, SimulatedProcess } from './scheduler';
import type { SimulatedLog } from './simulated-log';

const LOG_TIMEOUT_MS = 1_500;
const LEDGER_TIMEOUT_MS = 2_000;
/** The latest that a second copy of a batch comes, milliseconds. */
const LATE_COPY_MS_MAX = 5_000;

/** The log's servers, as processes reach them. */
export interface LogServers {
  readonly machine: Machine;
  readonly log: SimulatedLog;
  readonly group: ConsumerGroup;
}

/** The log as a process reaches it over `link`. Appends may stand twice or in part, and say that they failed when they did not. */
export function faultyLog(
  link: Link,
  name: 'station>log' | 'da>log',
  { machine, log, group }: LogServers,
): EventLog<LogEntry> {
  const { faults, network } = link;
  const callee: Callee = { link: name, machine, timeoutMs: LOG_TIMEOUT_MS };
  const appendNow = async (entries: readonly LogAppend<LogEntry>[]): Promise<void> => {
    if (faults.happens('log append in part')) {
      const stays = network.random.integer(0, log.partitionCount - 1);
      log.append(entries.filter(({ partition }) => partition !== stays));
      throw new SimulatedFault('the leader of a partition has changed');
    }
    log.append(entries);
    if (faults.happens('log append twice')) log.append(entries);
    if (faults.happens('log append late copy'))
      network.scheduler.clock.schedule(network.random.integer(0, LATE_COPY_MS_MAX), () => log.append(entries));
  };
  return {
    partitionCount: log.partitionCount,
    append: (entries) => link.call(callee, () => appendNow(entries)),
    endPositions: () => link.call(callee, async () => log.endPositions()),
    read: (from, recordsMax) => link.call(callee, async () => log.read(from, recordsMax)),
    subscribe: (options) =>
      group.subscribe(link, {
        ...options,
        onRecords: async (records) => {
          // They have been fetched, or that has failed and is tried again.
          await link.call(callee, async () => undefined);
          await options.onRecords(records);
        },
      }),
    release: async () => undefined,
    healthy: () => true,
    close: async () => undefined,
  };
}

/** The ledger as a process reaches it: a commit may fail, or succeed and look failed, and poison is rejected. */
export function faultyLedger(link: Link, machine: Machine, ledger: Ledger, poison: PoisonedEvents): Ledger {
  const callee: Callee = { link: 'da>ledger', machine, timeoutMs: LEDGER_TIMEOUT_MS };
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await link.call(callee, work);
    } catch (error) {
      throw error instanceof SimulatedFault ? new LedgerUnavailableError(error.message, { cause: error }) : error;
    }
  };
  const write = <T>(work: () => Promise<T>): Promise<T> =>
    call(() => {
      if (link.faults.happens('ledger deadlock')) throw new SimulatedFault('deadlock: rolled back');
      return work();
    });
  return {
    positions: () => call(() => ledger.positions()),
    apply: (slices) =>
      write(() => {
        poison.checkSlices(slices);
        return ledger.apply(slices);
      }),
    load: (...args) => call(() => ledger.load(...args)),
    decided: (events) => call(() => ledger.decided(events)),
    counters: (userIds) => call(() => ledger.counters(userIds)),
    records: (...args) => call(() => ledger.records(...args)),
    applyOrder: (order) => write(() => ledger.applyOrder(order)),
    reverse: (reversal) => write(() => ledger.reverse(reversal)),
    raiseGeneration: (shards) => write(() => ledger.raiseGeneration(shards)),
    deadLetters: (limit) => call(() => ledger.deadLetters(limit)),
    replayDeadLetter: (id, decided) =>
      write(() => {
        poison.check(decided);
        return ledger.replayDeadLetter(id, decided);
      }),
    dropDeadLetter: (...args) => write(() => ledger.dropDeadLetter(...args)),
    anomalies: (limit) => call(() => ledger.anomalies(limit)),
    healthy: () => true,
    close: async () => undefined,
  };
}

/** Notices between all processes of a run: lost, repeated, late and in any order. */
export class FaultyNotices {
  readonly #subscribers = new Map<SimulatedProcess, { link: Link; onNotice: (notice: SettledNotice) => void }>();

  forProcess(link: Link): SettledNotices {
    return {
      publish: async (notice) => {
        for (const { link: to, onNotice } of this.#subscribers.values()) {
          if (link.faults.happens('notice lost')) continue;
          const copies = link.faults.happens('notice twice') ? 2 : 1;
          for (let copy = 0; copy < copies; copy += 1)
            // In a step of its own: other notices may overtake it.
            void to.step().then(() => onNotice(notice));
        }
      },
      subscribe: (onNotice) => {
        this.#subscribers.set(link.process, { link, onNotice });
        return async () => {
          this.#subscribers.delete(link.process);
        };
      },
    };
  }
}

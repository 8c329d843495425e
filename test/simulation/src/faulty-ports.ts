import type {
  ApplyResult,
  EventLog,
  Ledger,
  LedgerSlice,
  LogAppend,
  LogEntry,
  SettledNotice,
  SettledNotices,
} from '@giftmesh/domain-money';
import { SimulatedFault, type Faults } from './faults';
import type { PoisonedEvents } from './poison';
import type { Scheduler, SimulatedProcess } from './scheduler';

/** One process's way to the world: each call takes its turns, may fail before its effect, and may fail after it. */
export class Link {
  constructor(
    readonly scheduler: Scheduler,
    readonly process: SimulatedProcess,
    readonly faults: Faults,
  ) {}

  async call<T>(
    work: () => Promise<T>,
    before: Parameters<Faults['happens']>[0] | undefined,
    after: Parameters<Faults['happens']>[0] | undefined,
  ): Promise<T> {
    await this.scheduler.step(this.process);
    if (before !== undefined && this.faults.happens(before)) throw new SimulatedFault(before);
    const result = await work();
    await this.scheduler.step(this.process);
    if (after !== undefined && this.faults.happens(after)) throw new SimulatedFault(after);
    return result;
  }
}

/** The log as a process reaches it. Appends may fail, stand twice, or say that they failed when they did not. */
export function faultyLog(link: Link, log: EventLog<LogEntry>): EventLog<LogEntry> {
  return {
    partitionCount: log.partitionCount,
    append: (entries: readonly LogAppend<LogEntry>[]) =>
      link.call(
        async () => {
          await log.append(entries);
          if (link.faults.happens('appendTwice')) await log.append(entries);
        },
        'appendFails',
        'appendUnsure',
      ),
    endPositions: () => link.call(() => log.endPositions(), undefined, undefined),
    read: (from, recordsMax) => link.call(() => log.read(from, recordsMax), undefined, undefined),
    subscribe: (options) =>
      log.subscribe({
        ...options,
        startAt: async (partitions) => {
          await link.scheduler.step(link.process);
          return options.startAt(partitions);
        },
        onRecords: async (records) => {
          await link.scheduler.step(link.process);
          await options.onRecords(records);
        },
      }),
    release: (before) => log.release(before),
    healthy: () => true,
    close: async () => undefined,
  };
}

/** The ledger as a process reaches it: a commit may fail, or succeed and look failed, and poison is rejected. */
export function faultyLedger(link: Link, ledger: Ledger, poison: PoisonedEvents): Ledger {
  const read = <T>(work: () => Promise<T>): Promise<T> => link.call(work, 'ledgerFails', undefined);
  const write = <T>(work: () => Promise<T>): Promise<T> => link.call(work, 'ledgerFails', 'ledgerUnsure');
  return {
    positions: () => read(() => ledger.positions()),
    apply: (slices: readonly LedgerSlice[]): Promise<ApplyResult> =>
      write(async () => {
        poison.checkSlices(slices);
        return ledger.apply(slices);
      }),
    load: (...args) => read(() => ledger.load(...args)),
    decided: (events) => read(() => ledger.decided(events)),
    counters: (userIds) => read(() => ledger.counters(userIds)),
    records: (...args) => read(() => ledger.records(...args)),
    applyOrder: (order) => write(() => ledger.applyOrder(order)),
    reverse: (reversal) => write(() => ledger.reverse(reversal)),
    raiseGeneration: (shards) => write(() => ledger.raiseGeneration(shards)),
    deadLetters: (limit) => read(() => ledger.deadLetters(limit)),
    replayDeadLetter: (id, decided) =>
      write(async () => {
        poison.check(decided);
        return ledger.replayDeadLetter(id, decided);
      }),
    dropDeadLetter: (...args) => write(() => ledger.dropDeadLetter(...args)),
    anomalies: (limit) => read(() => ledger.anomalies(limit)),
    healthy: () => true,
    close: async () => undefined,
  };
}

/** Notices between all processes of a run: lost, repeated, late and in any order. */
export class FaultyNotices {
  readonly #subscribers = new Map<SimulatedProcess, (notice: SettledNotice) => void>();

  forProcess(link: Link): SettledNotices {
    return {
      publish: async (notice) => {
        if (link.faults.happens('noticeLost')) return;
        const copies = link.faults.happens('noticeTwice') ? 2 : 1;
        for (let copy = 0; copy < copies; copy += 1) void this.#deliver(link, notice);
      },
      subscribe: (onNotice) => {
        this.#subscribers.set(link.process, onNotice);
        return async () => {
          this.#subscribers.delete(link.process);
        };
      },
    };
  }

  async #deliver(link: Link, notice: SettledNotice): Promise<void> {
    // In a step of its own: other notices may overtake it.
    await link.scheduler.step(link.process);
    for (const [process, onNotice] of this.#subscribers) if (process.alive) onNotice(notice);
  }
}

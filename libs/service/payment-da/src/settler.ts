import { sleep, type Clock } from '@giftmesh/kernel-time';
import {
  LedgerRejectError,
  type ApplyResult,
  type Carrier,
  type Codec,
  type EventLog,
  type Ledger,
  type LedgerSlice,
  type LogEntry,
  type LogRecord,
  type SettledNotices,
  type Subscription,
} from '@giftmesh/domain-money';
import type { AppliedPositions } from './applied-positions';
import { positionsBehind, slicesOf, type Poison } from './slices';

export interface SettlerOptions {
  /** The most records of one ledger transaction. Hundreds amortise the commit; thousands make readers wait. */
  readonly recordsMax: number;
  /**
   * Least time between two transactions while nobody waits for the ledger to catch up, milliseconds: gifts of the same viewer stand on
   * the same page, so a transaction of more gifts writes fewer pages for each. A full one is followed at once.
   */
  readonly intervalMs: number;
  /** How long to wait before records are read again after the ledger failed, milliseconds. */
  readonly retryDelayMs: number;
  /** How often a record that the ledger rejects is tried alone before it is parked. */
  readonly poisonTries: number;
  /** Between those tries, milliseconds. */
  readonly poisonDelayMs: number;
}

export const DEFAULT_SETTLER_OPTIONS: SettlerOptions = {
  recordsMax: 4_096,
  intervalMs: 100,
  retryDelayMs: 200,
  poisonTries: 3,
  poisonDelayMs: 100,
};

/**
 * Runs the settling of a batch, some of whose entries have these carriers: calls `settle` once, and gives back what it gives or
 * throws. For those who watch.
 */
export type WatchBatch = (carriers: readonly Carrier[], settle: () => Promise<void>) => Promise<void>;

/** What the settler needs. */
export interface SettlerPorts {
  readonly clock: Clock;
  readonly log: EventLog<LogEntry>;
  readonly codec: Codec<LogEntry>;
  readonly ledger: Ledger;
  readonly notices: SettledNotices;
  readonly positions: AppliedPositions;
  /** Around batches that have entries with carriers. Default nobody watches. */
  readonly watchBatch?: WatchBatch;
}

/** What the settler has done since its start. */
export interface SettlerStats {
  readonly applied: number;
  readonly duplicates: number;
  readonly fenced: number;
  readonly parked: number;
  readonly batches: number;
}

/**
 * Brings the log into the ledger: many events in one transaction, a poison event parked rather than in the way of others,
 * stations told what is settled.
 */
export class Settler {
  #subscription: Subscription | undefined;
  #stats = { applied: 0, duplicates: 0, fenced: 0, parked: 0, batches: 0 };
  #failure: Error | undefined;

  constructor(
    private readonly ports: SettlerPorts,
    private readonly options: SettlerOptions = DEFAULT_SETTLER_OPTIONS,
  ) {}

  start(): void {
    const { log, ledger, positions } = this.ports;
    this.#subscription = log.subscribe({
      recordsMax: this.options.recordsMax,
      retryDelayMs: this.options.retryDelayMs,
      deliveryIntervalMs: () => (positions.waiting > 0 ? 0 : this.options.intervalMs),
      startAt: async () => {
        const stored = await ledger.positions();
        positions.advance(stored);
        return stored;
      },
      onRecords: (records) => this.#settle(records),
      onHalt: (error) => {
        this.#failure = error;
      },
    });
  }

  /** Why settling does not go on, undefined while it does. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  get stats(): SettlerStats {
    return this.#stats;
  }

  async close(): Promise<void> {
    await this.#subscription?.close();
  }

  async #settle(records: readonly LogRecord<LogEntry>[]): Promise<void> {
    try {
      const { watchBatch } = this.ports;
      const carriers = watchBatch === undefined ? [] : carriersOf(records);
      if (watchBatch === undefined || carriers.length === 0) await this.#applyOrBisect(records);
      else await watchBatch(carriers, () => this.#applyOrBisect(records));
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  async #applyOrBisect(records: readonly LogRecord<LogEntry>[]): Promise<void> {
    if (records.length === 0) return;
    try {
      await this.#apply(slicesOf(records));
    } catch (error) {
      if (!(error instanceof LedgerRejectError)) throw error;
      const [only] = records;
      if (records.length === 1 && only !== undefined) return this.#retryThenPark(only, error);
      const middle = Math.ceil(records.length / 2);
      await this.#applyOrBisect(records.slice(0, middle));
      await this.#applyOrBisect(records.slice(middle));
    }
  }

  async #retryThenPark(record: LogRecord<LogEntry>, firstError: LedgerRejectError): Promise<void> {
    let reason = firstError.message;
    for (let attempt = 1; attempt < this.options.poisonTries; attempt += 1) {
      await sleep(this.ports.clock, this.options.poisonDelayMs);
      try {
        return await this.#apply(slicesOf([record]));
      } catch (error) {
        if (!(error instanceof LedgerRejectError)) throw error;
        reason = error.message;
      }
    }
    const poison: Poison = { record, reason, codec: this.ports.codec };
    await this.#apply(slicesOf([record], poison));
  }

  async #apply(slices: readonly LedgerSlice[]): Promise<void> {
    const result = await this.ports.ledger.apply(slices);
    this.#count(result, slices);
    const positions = positionsBehind(slices);
    this.ports.positions.advance(positions);
    await this.#tell(result, slices);
    for (const position of positions) await this.ports.log.release(position);
  }

  #count(result: ApplyResult, slices: readonly LedgerSlice[]): void {
    this.#stats.batches += 1;
    this.#stats.applied += result.applied;
    this.#stats.duplicates += result.duplicates;
    this.#stats.fenced += result.fenced;
    for (const slice of slices) this.#stats.parked += slice.parked.length;
  }

  /** Tells stations what is settled. A notice may get lost: they find out by their sweepers. */
  async #tell(result: ApplyResult, slices: readonly LedgerSlice[]): Promise<void> {
    const { settled: events, duplicates } = result;
    if (result.counters.length === 0 && events.length === 0) return;
    try {
      // A repeated event was told of before, and that notice may be the one that got lost: its accounts are told anew.
      const counters = duplicates === 0 ? result.counters : await this.ports.ledger.counters(usersOf(slices));
      // Not waited for: settling goes on.
      this.ports.notices.publish({ counters, events }).catch(() => undefined);
    } catch {
      // The ledger is away; the next delivery finds out.
    }
  }
}

function carriersOf(records: readonly LogRecord<LogEntry>[]): Carrier[] {
  const carriers: Carrier[] = [];
  for (const { content } of records) {
    if (content.ok && content.value.kind === 'event' && content.value.carrier !== undefined)
      carriers.push(content.value.carrier);
  }
  return carriers;
}

function usersOf(slices: readonly LedgerSlice[]): bigint[] {
  const users = new Set<bigint>();
  for (const { entries } of slices)
    for (const entry of entries) {
      if (entry.kind !== 'event') continue;
      users.add(entry.decided.event.opUserId);
      for (const { userId } of entry.decided.event.toUserChanges) users.add(userId);
    }
  return [...users];
}

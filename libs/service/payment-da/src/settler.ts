import {
  checkSlices,
  LedgerRejectError,
  type ApplyResult,
  type Carrier,
  type Codec,
  type DecidedEvent,
  type EventLog,
  type Ledger,
  type LedgerSlice,
  type LogEntry,
  type LogPosition,
  type LogRecord,
  type SettledNotices,
  type ShardMap,
  type Subscription,
} from '@giftmesh/domain-money';
import type { Clock } from '@giftmesh/kernel-time';
import type { AppliedPositions } from './applied-positions';
import { letterKind, noLetters, type LetterCounts } from './letter-kind';
import { usersOf } from './settled-users';
import { bytesKey, cutBehindFences, positionsBehind, slicesOf, type Parking } from './slices';

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
}

export const DEFAULT_SETTLER_OPTIONS: SettlerOptions = {
  recordsMax: 4_096,
  intervalMs: 100,
  retryDelayMs: 200,
};

/** Dead letters, the oldest, that a record to be parked is compared with: it may stand in the log more than once. */
export const LETTERS_COMPARED_MAX = 10_000;

/**
 * Runs the settling of a batch, some of whose entries have these carriers: calls `settle` once, and gives back what it gives or
 * throws. For those who watch.
 */
export type WatchBatch = (carriers: readonly Carrier[], settle: () => Promise<void>) => Promise<void>;

/** Told how long a decision took into the ledger, milliseconds: once for each, at the commit. On the hot path; must not throw. */
export type OnSettled = (lagMs: number) => void;

/** What the settler needs. */
export interface SettlerPorts {
  readonly clock: Clock;
  readonly log: EventLog<LogEntry>;
  readonly codec: Codec<LogEntry>;
  readonly ledger: Ledger;
  readonly notices: SettledNotices;
  readonly shards: ShardMap;
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
  readonly #parkedByKind = noLetters();
  #onSettled: OnSettled | undefined;
  #failure: Error | undefined;
  /** Where the ledger has to stand until {@link #failure} is over: behind what the failed delivery brought. */
  #failedUpTo: readonly LogPosition[] = [];
  /** The partitions that are this one's, as far as it has heard. */
  #own: readonly number[] = [];
  /** Why there will be no delivery any more: a batch that still runs doesn't make that good, however it ends. */
  #halt: Error | undefined;

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
      startAt: async (partitions) => {
        this.#own = partitions;
        const stored = await ledger.positions();
        positions.advance(stored);
        return stored;
      },
      onRecords: (records) => this.#settle(records),
      onHalt: (error) => {
        this.#halt = error;
      },
    });
  }

  /**
   * Why settling does not go on, undefined while it does. A failure is over, too, when nothing of what failed is left to do here: somebody
   * else has brought the ledger behind it, or has the partition now. No delivery may ever come to show it, for who does not
   * serve gets no calls, and without calls nothing is appended.
   */
  get failure(): Error | undefined {
    const isLeft = this.#failedUpTo.some(
      (position) => this.#own.includes(position.partition) && !this.ports.positions.hasReached([position]),
    );
    return this.#halt ?? (isLeft ? this.#failure : undefined);
  }

  get stats(): SettlerStats {
    return this.#stats;
  }

  /** What it has parked since its start, by why. */
  get parkedByKind(): LetterCounts {
    return this.#parkedByKind;
  }

  /**
   * Has somebody told of every decision that is applied, refusals included, how long ago it was made. One that was applied before is told of
   * again when its record comes again. What its station's clock is ahead of this one counts as nothing.
   */
  set onSettled(onSettled: OnSettled) {
    this.#onSettled = onSettled;
  }

  async close(): Promise<void> {
    await this.#subscription?.close();
  }

  async #settle(records: readonly LogRecord<LogEntry>[]): Promise<void> {
    try {
      const { watchBatch } = this.ports;
      const carriers = watchBatch === undefined ? [] : carriersOf(records);
      if (watchBatch === undefined || carriers.length === 0) await this.#settleAll(records);
      else await watchBatch(carriers, () => this.#settleAll(records));
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      const ends = new Map(records.map(({ partition, offset }) => [partition, offset + 1]));
      this.#failedUpTo = [...ends].map(([partition, offset]) => ({ partition, offset }));
      throw error;
    }
  }

  async #settleAll(records: readonly LogRecord<LogEntry>[]): Promise<void> {
    const hasUnreadable = records.some(({ content }) => !content.ok);
    const parking = hasUnreadable ? await this.#parking() : undefined;
    for (const stretch of cutBehindFences(records)) await this.#applyOrBisect(stretch, parking);
  }

  /** Parks what the ledger rejects, at once: whoever comes behind it in the log does not wait for its retries. */
  async #applyOrBisect(records: readonly LogRecord<LogEntry>[], parking?: Parking): Promise<void> {
    const rejected = await this.#tryApply(records, parking);
    if (rejected === undefined) return;
    const [only] = records;
    if (records.length === 1 && only !== undefined)
      return this.#apply(slicesOf(records, await this.#parking(new Map([[only, rejected.message]]))));
    // What no ledger would take is found without asking: a flood of it must not cost a search for each.
    const malformed = this.#malformed(records);
    if (malformed.size === 0) return this.#bisect(records, parking);
    const known = await this.#parking(malformed);
    for (const stretch of cutBehindFences(records, known))
      if ((await this.#tryApply(stretch, known)) !== undefined) await this.#bisect(stretch, known);
  }

  async #bisect(records: readonly LogRecord<LogEntry>[], parking: Parking | undefined): Promise<void> {
    const middle = Math.ceil(records.length / 2);
    await this.#applyOrBisect(records.slice(0, middle), parking);
    if (middle < records.length) await this.#applyOrBisect(records.slice(middle), parking);
  }

  /** Applies records and parks what is to be parked; returns why the ledger rejects them, undefined when it does not. */
  async #tryApply(records: readonly LogRecord<LogEntry>[], parking?: Parking): Promise<LedgerRejectError | undefined> {
    try {
      const slices = slicesOf(records, parking);
      await this.#apply(slices);
      for (const { payload } of slices.flatMap(({ parked }) => parked)) parking?.kept.add(bytesKey(payload));
      return undefined;
    } catch (error) {
      if (error instanceof LedgerRejectError) return error;
      throw error;
    }
  }

  async #parking(reasons: Parking['reasons'] = new Map()): Promise<Parking> {
    const letters = await this.ports.ledger.deadLetters(LETTERS_COMPARED_MAX);
    return { reasons, codec: this.ports.codec, kept: new Set(letters.map(({ payload }) => bytesKey(payload))) };
  }

  #malformed(records: readonly LogRecord<LogEntry>[]): Map<LogRecord<LogEntry>, string> {
    const reasons = new Map<LogRecord<LogEntry>, string>();
    for (const record of records) {
      if (!record.content.ok) continue;
      try {
        checkSlices(slicesOf([record]), this.ports.shards);
      } catch (error) {
        if (!(error instanceof LedgerRejectError)) throw error;
        reasons.set(record, error.message);
      }
    }
    return reasons;
  }

  async #apply(slices: readonly LedgerSlice[]): Promise<void> {
    const result = await this.ports.ledger.apply(slices);
    this.#count(result, slices);
    this.#tellLags(slices);
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
    for (const { payload } of slices.flatMap(({ parked }) => parked)) {
      this.#stats.parked += 1;
      this.#parkedByKind[letterKind(payload, this.ports.codec, this.ports.shards)] += 1;
    }
  }

  #tellLags(slices: readonly LedgerSlice[]): void {
    const onSettled = this.#onSettled;
    if (onSettled === undefined) return;
    const nowMs = this.ports.clock.nowMs();
    for (const { entries } of slices)
      for (const entry of entries)
        if (entry.kind === 'event') onSettled(Math.max(0, nowMs - entry.decided.decidedAtMs));
  }

  /** Tells stations what is settled. A notice may get lost: they find out by their sweepers. */
  async #tell(result: ApplyResult, slices: readonly LedgerSlice[]): Promise<void> {
    const { settled: events, duplicates } = result;
    if (result.counters.length === 0 && events.length === 0) return;
    try {
      // A repeated event was told of before, and that notice may be the one that got lost: its accounts are told anew.
      const counters =
        duplicates === 0 ? result.counters : await this.ports.ledger.counters(usersOf(decidedIn(slices)));
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

function decidedIn(slices: readonly LedgerSlice[]): DecidedEvent[] {
  return slices.flatMap(({ entries }) => entries.flatMap((entry) => (entry.kind === 'event' ? entry.decided : [])));
}

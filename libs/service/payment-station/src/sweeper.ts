import type { Cancel, Clock } from '@giftmesh/kernel-time';
import { StoreLostError, type BalanceStore, type DecidedEvent } from '@giftmesh/domain-money';
import { countersFromProto, markerFromProto } from '@giftmesh/wire-money';
import type { AccountLoader } from './account-loader';
import type { GenerationRecovery } from './generation-recovery';
import type { LogAppender } from './log-appender';
import type { PaymentDaClient } from './ports';

export interface SweeperOptions {
  /** Between sweeps, milliseconds. */
  readonly intervalMs: number;
  /** Age at which an outbox entry is looked after, milliseconds. Above the usual time to settle. */
  readonly minAgeMs: number;
  /** The most entries of one sweep. */
  readonly entriesMax: number;
  readonly timeoutMs: number;
  /** Users are evicted after this long without any use, milliseconds. */
  readonly idleMs: number;
  /** The most users evicted in one sweep. */
  readonly evictMax: number;
  /**
   * How often lost shards and idle users are looked for, milliseconds; with each sweep while there are more idle users than one evicts.
   * Every look asks all shards.
   */
  readonly inspectEveryMs: number;
}

export const DEFAULT_SWEEPER_OPTIONS: SweeperOptions = {
  intervalMs: 1_000,
  minAgeMs: 3_000,
  entriesMax: 1_000,
  timeoutMs: 2_000,
  idleMs: 3_600_000,
  evictMax: 1_000,
  inspectEveryMs: 30_000,
};

/**
 * Looks after what stayed behind: outbox entries whose notice got lost are settled, those that the ledger does not have are
 * appended again, shards that were lost unnoticed are recovered, and users whom nobody needs are evicted.
 */
export class Sweeper {
  #cancel: Cancel | undefined;
  #closed = false;
  /** Of the last look at all shards that found all idle users. */
  #inspectedAtMs = -Infinity;
  #oldestMs: number | undefined;
  #appendedAgain = 0;

  constructor(
    private readonly clock: Clock,
    private readonly store: BalanceStore,
    private readonly ledger: PaymentDaClient,
    private readonly appender: LogAppender,
    private readonly loader: AccountLoader,
    private readonly recovery: GenerationRecovery,
    private readonly options: SweeperOptions = DEFAULT_SWEEPER_OPTIONS,
  ) {}

  /** Age of the oldest entry that the last sweep found, 0 for none that was old enough for it; undefined when the store did not answer. */
  get oldestMs(): number | undefined {
    return this.#oldestMs;
  }

  /** Entries that were appended again since the start. */
  get appendedAgain(): number {
    return this.#appendedAgain;
  }

  start(): void {
    this.#plan();
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  /** Appends all that is left of an earlier process, oldest first; to be done before the first new debit. */
  async appendLeftovers(): Promise<void> {
    const entries = await this.store.outbox({ nowMs: this.clock.nowMs(), minAgeMs: 0, limit: Number.MAX_SAFE_INTEGER });
    await this.appender.append(entries);
  }

  /** One sweep. Rejects when the store or the ledger is away. */
  async sweep(): Promise<void> {
    const nowMs = this.clock.nowMs();
    const { minAgeMs, entriesMax } = this.options;
    const old = await this.store.outbox({ nowMs, minAgeMs, limit: entriesMax }).catch((error: unknown): never => {
      // An old number would say that all is well.
      this.#oldestMs = undefined;
      throw error;
    });
    // Decided by a clock that has jumped back since: its age is not known, and is not below 0.
    this.#oldestMs = old.reduce((oldest, { decidedAtMs }) => Math.max(oldest, nowMs - decidedAtMs), 0);
    if (old.length > 0) await this.#lookAfter(old);
    await this.#inspect(nowMs);
  }

  async #inspect(nowMs: number): Promise<void> {
    const { idleMs, evictMax, inspectEveryMs } = this.options;
    // Either way: the clock may have been set back.
    if (Math.abs(nowMs - this.#inspectedAtMs) < inspectEveryMs) return;
    // The outbox of a lost shard does not show: without this look, its entries would wait until somebody asks for one of its users.
    if ((await this.store.lostShards()).length > 0) void this.recovery.run();
    const evicted = await this.store.evictIdle({ nowMs, idleMs, limit: evictMax });
    if (evicted < evictMax) this.#inspectedAtMs = nowMs;
  }

  async #lookAfter(entries: readonly DecidedEvent[]): Promise<void> {
    const keys = entries.map(({ event: { opUserId, eventId } }) => ({ opUserId, eventId }));
    const answer = await this.ledger.checkEvents(
      { events: keys, behindBarrier: false },
      { timeoutMs: this.options.timeoutMs },
    );
    await this.store.merge(answer.counters.map(countersFromProto));
    const onRecord = answer.events.map((event) => markerFromProto(event) !== undefined);
    await this.#refreshPayees(entries.filter((_, index) => onRecord[index]));
    await this.store.settle(keys.filter((_, index) => onRecord[index]));
    const missing = entries.filter((entry, index) => !onRecord[index] && !this.appender.isPending(entry));
    // Not waited for: the log may be away for long, and the next sweep finds these pending.
    this.#appendedAgain += missing.length;
    if (missing.length > 0) void this.appender.append(missing);
  }

  /** The notice that would have told of these events got lost, and the payees' credits with it. */
  async #refreshPayees(settled: readonly DecidedEvent[]): Promise<void> {
    const payees = [...new Set(settled.flatMap(({ event }) => event.toUserChanges.map(({ userId }) => userId)))];
    if (payees.length === 0) return;
    const inPlace = await this.store.read(payees);
    await Promise.all(payees.filter((_, index) => inPlace[index] !== undefined).map((user) => this.loader.load(user)));
  }

  #plan(): void {
    if (this.#closed) return;
    this.#cancel = this.clock.schedule(this.options.intervalMs, () => {
      // What fails now is still there for the next sweep.
      this.sweep()
        .catch((error: unknown) => {
          // Perhaps nobody else asks for those shards. Not waited for: other shards' entries are looked after meanwhile.
          if (error instanceof StoreLostError) void this.recovery.run();
        })
        .finally(() => this.#plan());
    });
  }
}

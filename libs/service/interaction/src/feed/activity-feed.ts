import type { DecidedEvent, EventLog, LogEntry, LogPosition, LogRecord } from '@giftmesh/domain-money';
import type { Cancel } from '@giftmesh/kernel-time';
import type { InteractionOptions } from '../options';
import type { InteractionPorts } from '../ports';
import { ActivityWriter } from './activity-writer';
import { DebitMemory } from './debit-memory';
import { PassedFences } from './fences';
import type { GiftShow } from './gift-show';
import type { HotStreamers } from './hot-streamers';
import { LogFollower, type LostStretch } from './log-follower';

/** What the feed has done since it was started. */
export interface ActivityFeedStats {
  /** Gifts that were counted. */
  readonly counted: number;
  /** Events that the log has more than once. */
  readonly repeated: number;
  /** Events of an older generation behind their fence. */
  readonly fenced: number;
  /** Records that could not be decoded. They are parked by the ledger's reader; here they only do not show. */
  readonly undecodable: number;
  readonly batchesWritten: number;
  readonly writeFailures: number;
  /** Batches that were given up because the store stood elsewhere: somebody else had counted a part of them. */
  readonly conflicts: number;
  /** Times that the feed began anew because it could not go on. */
  readonly restarts: number;
  /** Records that the log had dropped before they were counted. */
  readonly lost: number;
  readonly scoresPending: number;
}

/** What the feed works with beside the ports. */
export interface ActivityFeedParts {
  /** The log as this instance counts it: all of it, or its share. */
  readonly log: EventLog<LogEntry>;
  /** Shows what is counted, where this feed reads all of the log; nobody where a feed of its own does that. */
  readonly gifts: GiftShow | undefined;
  /** Told of the rooms whose scores have just been written. Must not reject. */
  readonly onWritten: (roomIds: readonly bigint[]) => Promise<void>;
  /** Told what each streamer gets by a gift that is counted. Must not throw. */
  readonly hot: HotStreamers;
}

/**
 * Follows the log of money and counts what it says: rankings and points, and shows it to rooms where nobody else does. It reads only
 * what is decided and durable, at its own pace; no money waits for it. Positions are written together with the scores, so nothing is counted
 * twice, whoever counts: where several instances share a store and the log's partitions, one that counts what another one has
 * counted already loses its batch and reads on from where the store stands.
 */
export class ActivityFeed {
  readonly #debits: DebitMemory;
  readonly #writer: ActivityWriter;
  readonly #fences: PassedFences;
  readonly #follower: LogFollower;
  /** What stands before is history or was shown before: it is counted, not shown. */
  readonly #showFrom = new Map<number, number>();
  /** True while what was read can't be written, because the store stands elsewhere. */
  #isStale = false;
  #cancelRestart: Cancel | undefined;
  #closed = false;
  #stats = { counted: 0, repeated: 0, fenced: 0, undecodable: 0, conflicts: 0, lost: 0 };

  constructor(
    private readonly ports: InteractionPorts,
    private readonly options: InteractionOptions,
    private readonly parts: ActivityFeedParts,
  ) {
    this.#debits = new DebitMemory(ports.activity, options.accountsMax);
    this.#fences = new PassedFences(ports.shards);
    this.#writer = new ActivityWriter({
      store: ports.activity,
      clock: ports.clock,
      debits: this.#debits,
      options,
      isShed: ports.isShed,
      onWritten: parts.onWritten,
      onConflict: () => this.#onConflict(),
    });
    this.#follower = new LogFollower({
      log: parts.log,
      clock: ports.clock,
      options,
      startAt: (partitions) => this.#startAt(partitions),
      onRecords: (records) => this.#onRecords(records),
      onLost: (stretch) => this.#onLost(stretch),
      onRestart: () => this.#writer.discard(),
    });
  }

  /** Begins where the store stands. Rejects when log or store can't be read. */
  async start(): Promise<void> {
    if (this.parts.gifts !== undefined)
      for (const { partition, offset } of await this.parts.log.endPositions()) this.#showFrom.set(partition, offset);
    await this.ports.activity.positions();
    this.#follower.begin();
  }

  /** Ends the subscription and writes what is pending. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRestart?.();
    this.#writer.stop();
    await this.#follower.close();
    await this.#writer.flush();
  }

  stats(): ActivityFeedStats {
    const { written, failures, pending } = this.#writer;
    return {
      ...this.#stats,
      restarts: this.#follower.restarts,
      batchesWritten: written,
      writeFailures: failures,
      scoresPending: pending,
    };
  }

  async #startAt(partitions: readonly number[]): Promise<readonly LogPosition[]> {
    // Of partitions that were ours until now, what was gathered is written, not forgotten.
    if (!(await this.#writer.flush())) throw new Error('pending activity could not be written');
    this.#cancelRestart?.();
    this.#isStale = false;
    // While partitions are others', they count debits of accounts that are remembered here.
    this.#debits.clear();
    const wanted = new Set(partitions);
    const positions = (await this.ports.activity.positions()).filter(({ partition }) => wanted.has(partition));
    // Another instance may have passed a fence just in front of what comes now.
    for (const position of positions) await this.#fences.lookBack(this.parts.log, position);
    return positions;
  }

  /** All that can fail comes first, so that a delivery is taken whole or not at all. */
  async #onRecords(records: readonly LogRecord<LogEntry>[]): Promise<void> {
    if (this.#isStale) {
      // The log asks for the positions anew, and goes on from there.
      this.#cancelRestart?.();
      throw new Error('the store stands elsewhere than what was read');
    }
    const applied: DecidedEvent[] = [];
    for (const { content } of records)
      if (content.ok && content.value.kind === 'event' && content.value.decided.seq > 0)
        applied.push(content.value.decided);
    await this.#debits.load(applied);
    const nowMs = this.ports.clock.nowMs();
    for (const record of records) {
      this.#onRecord(record, nowMs);
      this.#writer.reached(record.partition, record.offset);
      this.#fences.reached({ partition: record.partition, offset: record.offset + 1 });
    }
    this.parts.gifts?.endTurn();
    await this.#writer.room();
  }

  #onRecord({ partition, offset, content }: LogRecord<LogEntry>, nowMs: number): void {
    const isNew = offset >= (this.#showFrom.get(partition) ?? 0);
    if (isNew) this.#showFrom.set(partition, offset + 1);
    if (!content.ok) this.#stats.undecodable += 1;
    else if (content.value.kind === 'fence') this.#fences.pass(content.value.fence);
    else this.#onEvent(content.value.decided, isNew, nowMs);
  }

  #onEvent(decided: DecidedEvent, isNew: boolean, nowMs: number): void {
    if (decided.outcome !== 'applied') return;
    if (this.#fences.isStale(decided)) this.#stats.fenced += 1;
    else if (!this.#debits.add(decided)) this.#stats.repeated += 1;
    else if (decided.event.eventType === 'interact_gift') {
      const { event, decidedAtMs } = decided;
      this.#stats.counted += 1;
      this.#writer.addGift({
        roomId: event.bizId,
        viewerId: event.opUserId,
        coins: -event.opUserChange.incr,
        recipients: event.toUserChanges,
        atMs: decidedAtMs,
      });
      for (const { userId, incr } of event.toUserChanges) this.parts.hot.add(userId, incr);
      if (isNew) this.parts.gifts?.show(decided, nowMs);
    }
  }

  /**
   * Somebody else counted what was read here. The next delivery is refused, so that the log asks where to read on without leaving its
   * group: a rebalance for each conflict would make the next one. When nothing is delivered, the feed begins anew.
   */
  #onConflict(): void {
    this.#stats.conflicts += 1;
    if (this.#closed || this.#isStale) return;
    this.#isStale = true;
    this.#cancelRestart = this.ports.clock.schedule(this.options.feedRetryMs, () => this.#follower.restart());
  }

  async #onLost({ partition, from, to }: LostStretch): Promise<void> {
    if (!(await this.#writer.flush())) return;
    await this.ports.activity.record({ moves: [{ partition, from, to }], scores: [], seen: [] });
    this.#stats.lost += Math.max(0, to - from);
  }
}

import { comboIdOf, type ComboTracker, type GiftCatalogue } from '@giftmesh/domain-gifts';
import {
  LogPositionError,
  type DecidedEvent,
  type LogEntry,
  type LogPosition,
  type LogRecord,
  type Subscription,
} from '@giftmesh/domain-money';
import type { Cancel } from '@giftmesh/kernel-time';
import type { RoomHub } from '../hub/room-hub';
import type { ShownGift } from '../hub/tick-show';
import { firstPlaces } from '../leaderboard-entries';
import type { InteractionOptions } from '../options';
import type { InteractionPorts } from '../ports';
import { ActivityWriter } from './activity-writer';
import { DebitMemory } from './debit-memory';
import { PassedFences } from './fences';

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
  /** Times that the feed began anew because it could not go on. */
  readonly restarts: number;
  /** Records that the log had dropped before they were counted. */
  readonly lost: number;
  readonly scoresPending: number;
}

/**
 * Follows the log of money and shows what it says: gifts in rooms, combos, rankings and points. It reads only what is decided and
 * durable, at its own pace; no money waits for it. Positions are written together with the scores, so nothing is counted twice.
 */
export class ActivityFeed {
  readonly #debits: DebitMemory;
  readonly #writer: ActivityWriter;
  readonly #fences: PassedFences;
  /** What stands before is history or was shown before: it is counted, not shown. */
  readonly #showFrom = new Map<number, number>();
  #subscription: Subscription | undefined;
  #cancelRestart: Cancel | undefined;
  #closed = false;
  #stats = { counted: 0, repeated: 0, fenced: 0, undecodable: 0, restarts: 0, lost: 0 };

  constructor(
    private readonly ports: InteractionPorts,
    private readonly options: InteractionOptions,
    private readonly hub: RoomHub,
    private readonly combos: ComboTracker,
  ) {
    this.#debits = new DebitMemory(ports.activity, options.accountsMax);
    this.#fences = new PassedFences(ports.shards);
    this.#writer = new ActivityWriter({
      store: ports.activity,
      clock: ports.clock,
      debits: this.#debits,
      options,
      isShed: ports.isShed,
      onWritten: (roomIds) => this.#announceRanks(roomIds),
      onConflict: () => this.#restart(),
    });
  }

  /** Begins where the store stands. Rejects when log or store can't be read. */
  async start(): Promise<void> {
    for (const { partition, offset } of await this.ports.log.endPositions()) this.#showFrom.set(partition, offset);
    await this.ports.activity.positions();
    this.#subscribe();
  }

  /** Ends the subscription and writes what is pending. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRestart?.();
    this.#writer.stop();
    await this.#subscription?.close();
    await this.#writer.flush();
  }

  stats(): ActivityFeedStats {
    const { written, failures, pending } = this.#writer;
    return { ...this.#stats, batchesWritten: written, writeFailures: failures, scoresPending: pending };
  }

  #subscribe(): void {
    this.#subscription = this.ports.log.subscribe({
      startAt: (partitions) => this.#startAt(partitions),
      onRecords: (records) => this.#onRecords(records),
      onHalt: (error) => void this.#onHalt(error),
      recordsMax: this.options.recordsMax,
      retryDelayMs: this.options.feedRetryMs,
      deliveryIntervalMs: () => this.options.feedIntervalMs,
    });
  }

  async #startAt(partitions: readonly number[]): Promise<readonly LogPosition[]> {
    // Other partitions go on where they are, so what was gathered of them is written, not forgotten.
    if (!(await this.#writer.flush())) throw new Error('pending activity could not be written');
    const wanted = new Set(partitions);
    return (await this.ports.activity.positions()).filter(({ partition }) => wanted.has(partition));
  }

  /** All that can fail comes first, so that a delivery is taken whole or not at all. */
  async #onRecords(records: readonly LogRecord<LogEntry>[]): Promise<void> {
    const applied: DecidedEvent[] = [];
    for (const { content } of records)
      if (content.ok && content.value.kind === 'event' && content.value.decided.seq > 0)
        applied.push(content.value.decided);
    await this.#debits.load(applied);
    const nowMs = this.ports.clock.nowMs();
    for (const record of records) {
      this.#onRecord(record, nowMs);
      this.#writer.reached(record.partition, record.offset);
    }
    this.hub.endTurn();
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
      if (isNew) this.hub.showGift(event.bizId, shownGift(decided, this.ports.catalogue, this.combos, nowMs));
    }
  }

  async #announceRanks(roomIds: readonly bigint[]): Promise<void> {
    if (this.ports.isShed?.('rankings') === true) return;
    for (const roomId of this.hub.watched(roomIds)) {
      try {
        this.hub.showRank(roomId, await firstPlaces(this.ports.activity, this.options.rankedPlaces, roomId));
      } catch {
        // The next change of the room's scores tries again; rankings that callers ask for report the failure.
        return;
      }
    }
  }

  async #onHalt(error: Error): Promise<void> {
    if (error instanceof LogPositionError) {
      const { position, startOffset, endOffset } = error;
      const to = position.offset < startOffset ? startOffset : endOffset;
      try {
        if (await this.#writer.flush()) {
          const move = { partition: position.partition, from: position.offset, to };
          await this.ports.activity.record({ moves: [move], scores: [], seen: [] });
          this.#stats.lost += Math.max(0, to - position.offset);
        }
      } catch {
        // The restart meets the same halt and tries again.
      }
    }
    this.#restart();
  }

  /** Begins anew where the store stands. */
  #restart(): void {
    if (this.#closed || this.#cancelRestart !== undefined) return;
    this.#stats.restarts += 1;
    const ended = this.#subscription?.close() ?? Promise.resolve();
    this.#cancelRestart = this.ports.clock.schedule(this.options.feedRetryMs, () => {
      this.#cancelRestart = undefined;
      void ended.then(() => {
        this.#writer.discard();
        if (!this.#closed) this.#subscribe();
      });
    });
  }
}

function shownGift(
  { event, decidedAtMs }: DecidedEvent,
  catalogue: GiftCatalogue,
  combos: ComboTracker,
  nowMs: number,
): ShownGift {
  const giftId = Number(event.objId);
  const gift = catalogue.find(giftId);
  const recipientIds = event.toUserChanges.map(({ userId }) => userId);
  const { comboKey, eventId, opUserId: viewerId } = event;
  const shown: ShownGift = {
    viewerId,
    giftId,
    recipientIds,
    count: event.quantity,
    coins: -event.opUserChange.incr,
    effect: gift?.effect ?? '',
    combo: undefined,
  };
  const windowMs = gift?.comboWindowMs ?? 0;
  if (comboKey === '' || windowMs === 0) return shown;
  const comboId = comboIdOf({ viewerId, roomId: event.bizId, giftId, comboKey }, recipientIds);
  // What reaches the feed late must not begin a combo that is over for everybody else.
  const isLate = nowMs - decidedAtMs > windowMs;
  const comboCount = isLate
    ? combos.countOf(eventId, viewerId)
    : combos.add(comboId, eventId, viewerId, event.quantity, windowMs);
  return { ...shown, combo: { comboId, comboKey, comboCount } };
}

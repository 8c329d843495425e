import { RecentMap, SeenDebits } from '@giftmesh/domain-gifts';
import type { DecidedEvent, LogEntry, LogPosition, LogRecord } from '@giftmesh/domain-money';
import type { InteractionOptions } from '../options';
import type { InteractionPorts } from '../ports';
import { PassedFences } from './fences';
import type { GiftShow } from './gift-show';
import { LogFollower, type LostStretch } from './log-follower';
import type { RankNews } from './rank-news';

/**
 * Shows rooms what the log says from now on, where the counting is shared with other instances: all partitions are read here, and
 * nothing is written. What the log repeats is known by the debits of the accounts that paid lately; a repetition that comes when an
 * account is forgotten shows a gift again, which moves no money.
 */
export class RoomFeed {
  readonly #follower: LogFollower;
  readonly #fences: PassedFences;
  readonly #debits: RecentMap<bigint, SeenDebits>;
  readonly #next = new Map<number, number>();

  constructor(
    private readonly ports: InteractionPorts,
    options: InteractionOptions,
    private readonly gifts: GiftShow,
    private readonly ranks: RankNews,
  ) {
    this.#fences = new PassedFences(ports.shards);
    this.#debits = new RecentMap(Math.max(2, options.accountsMax));
    this.#follower = new LogFollower({
      log: ports.log,
      clock: ports.clock,
      options,
      startAt: async () => this.#positions(),
      onRecords: async (records) => this.#onRecords(records),
      onLost: async (stretch) => this.#onLost(stretch),
    });
  }

  /** Begins at the log's end. Rejects when it can't be read. */
  async start(): Promise<void> {
    for (const { partition, offset } of await this.ports.log.endPositions()) this.#next.set(partition, offset);
    this.#follower.begin();
  }

  close(): Promise<void> {
    return this.#follower.close();
  }

  #positions(): LogPosition[] {
    return [...this.#next].map(([partition, offset]) => ({ partition, offset }));
  }

  #onRecords(records: readonly LogRecord<LogEntry>[]): void {
    const nowMs = this.ports.clock.nowMs();
    for (const { partition, offset, content } of records) {
      this.#next.set(partition, offset + 1);
      // What can't be decoded is parked by the ledger's reader.
      if (!content.ok) continue;
      if (content.value.kind === 'fence') this.#fences.pass(content.value.fence);
      else this.#onEvent(content.value.decided, nowMs);
    }
    this.gifts.endTurn();
  }

  #onEvent(decided: DecidedEvent, nowMs: number): void {
    const { outcome, event } = decided;
    if (outcome !== 'applied' || event.eventType !== 'interact_gift') return;
    if (this.#fences.isStale(decided) || !this.#isNew(decided)) return;
    this.gifts.show(decided, nowMs);
    this.ranks.lookAt(event.bizId);
  }

  #isNew({ event, seq }: DecidedEvent): boolean {
    // One number for an account, as in the memory of what was counted.
    const { userId, assetType } = event.opUserChange;
    const key = assetType === 'coin' ? userId : -userId;
    const seen = this.#debits.get(key) ?? new SeenDebits();
    this.#debits.set(key, seen);
    return seen.add(seq);
  }

  #onLost({ partition, to }: LostStretch): void {
    this.#next.set(partition, to);
  }
}

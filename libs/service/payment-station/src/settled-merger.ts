import type { BalanceStore, Counters, EventKey, SettledNotice, SettledNotices } from '@giftmesh/domain-money';

/** The most notices that wait while the store takes some over; beyond it the oldest are dropped, and the sweeper heals. */
const NOTICES_WAITING_MAX = 1_000;

/** Takes what the ledger has settled over into the store; notices that queue meanwhile are taken together. */
export class SettledMerger {
  #waiting: SettledNotice[] = [];
  #running = false;
  #dropped = 0;
  #stop: (() => Promise<void>) | undefined;

  constructor(
    private readonly store: BalanceStore,
    private readonly notices: SettledNotices,
  ) {}

  /** Notices dropped for want of room. */
  get dropped(): number {
    return this.#dropped;
  }

  start(): void {
    this.#stop = this.notices.subscribe((notice) => this.#add(notice));
  }

  async close(): Promise<void> {
    await this.#stop?.();
  }

  #add(notice: SettledNotice): void {
    if (this.#waiting.length >= NOTICES_WAITING_MAX) {
      this.#waiting.shift();
      this.#dropped += 1;
    }
    this.#waiting.push(notice);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const counters: Counters[] = [];
      const events: EventKey[] = [];
      for (const notice of batch) {
        counters.push(...notice.counters);
        events.push(...notice.events);
      }
      try {
        // In this order: an outbox entry that goes must not leave somebody's credit behind.
        await this.store.merge(counters);
        await this.store.settle(events);
      } catch {
        // The store is away or lost: the sweeper or the next load brings it.
      }
    }
    this.#running = false;
  }
}

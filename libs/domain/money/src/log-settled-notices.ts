import type { Clock } from '@giftmesh/kernel-time';
import type { EventLog, LogPosition, Subscription } from './ports/event-log';
import type { SettledNotice, SettledNotices } from './ports/settled-notices';

/** Notices of one delivery. */
const NOTICES_MAX = 500;
/** Before notices are read again after an error, milliseconds. */
const RETRY_DELAY_MS = 200;
/** After so many of its own notices, a publisher lets the log drop those before the last time. */
const RELEASE_EVERY = 100;

/**
 * Settled notices over an event log, for services that are processes of their own. Subscribers begin at the log's end, and again
 * there when they have fallen so far behind that the log has dropped what they wanted: notices are a help, not a promise, and
 * without them sweepers find out what is settled.
 */
export class LogSettledNotices implements SettledNotices {
  #next = 0;
  #published = 0;
  /** Where the log ended when its notices were last let go of. */
  #ends: readonly LogPosition[] = [];

  constructor(
    private readonly log: EventLog<SettledNotice>,
    private readonly clock: Clock,
  ) {}

  async publish(notice: SettledNotice): Promise<void> {
    // Notices have no order, so any partition will do.
    const partition = this.#next;
    this.#next = (this.#next + 1) % this.log.partitionCount;
    await this.log.append([{ partition, value: notice }]);
    this.#published += 1;
    if (this.#published % RELEASE_EVERY === 0) await this.#release();
  }

  subscribe(onNotice: (notice: SettledNotice) => void): () => Promise<void> {
    let current: Subscription | undefined;
    let cancel = (): void => undefined;
    const start = (): void => {
      current = this.#subscribeAtEnd(onNotice, () => {
        cancel = this.clock.schedule(RETRY_DELAY_MS, start);
      });
    };
    start();
    return async () => {
      cancel();
      await current?.close();
    };
  }

  #subscribeAtEnd(onNotice: (notice: SettledNotice) => void, onHalt: () => void): Subscription {
    let seen: Map<number, number> | undefined;
    return this.log.subscribe({
      recordsMax: NOTICES_MAX,
      retryDelayMs: RETRY_DELAY_MS,
      startAt: async () => {
        if (seen === undefined)
          seen = new Map((await this.log.endPositions()).map(({ partition, offset }) => [partition, offset]));
        return [...seen].map(([partition, offset]) => ({ partition, offset }));
      },
      onRecords: async (records) => {
        for (const { partition, offset, content } of records) {
          if (content.ok) onNotice(content.value);
          seen?.set(partition, offset + 1);
        }
      },
      onHalt,
    });
  }

  /** What subscribers have had since the last time to read is not kept for them any longer than the log keeps it anyway. */
  async #release(): Promise<void> {
    const before = this.#ends;
    this.#ends = await this.log.endPositions();
    for (const position of before) await this.log.release(position);
  }
}

import type { EventLog } from './ports/event-log';
import type { SettledNotice, SettledNotices } from './ports/settled-notices';

/** Notices of one delivery. */
const NOTICES_MAX = 500;
/** Before notices are read again after an error, milliseconds. */
const RETRY_DELAY_MS = 200;

/** Settled notices over an event log, for services that are processes of their own. Subscribers begin at the log's end. */
export class LogSettledNotices implements SettledNotices {
  #next = 0;

  constructor(private readonly log: EventLog<SettledNotice>) {}

  async publish(notice: SettledNotice): Promise<void> {
    // Notices have no order, so any partition will do.
    const partition = this.#next;
    this.#next = (this.#next + 1) % this.log.partitionCount;
    await this.log.append([{ partition, value: notice }]);
  }

  subscribe(onNotice: (notice: SettledNotice) => void): () => Promise<void> {
    let seen: Map<number, number> | undefined;
    const subscription = this.log.subscribe({
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
      // Notices are a help, not a promise: without them sweepers find out what is settled.
      onHalt: () => undefined,
    });
    return () => subscription.close();
  }
}

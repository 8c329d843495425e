import {
  LogPositionError,
  type DecidedEvent,
  type EventLog,
  type Fence,
  type LogEntry,
  type LogPosition,
  type ShardMap,
} from '@giftmesh/domain-money';

/**
 * How many records are looked through in front of where reading begins. What is stale comes soon behind its fence: it was on its way
 * when the fence was written.
 */
export const LOOK_BACK_RECORDS_MAX = 4_096;

/**
 * The fences that the feed has passed. An event of an older generation that stands behind its shard's fence never took effect:
 * the ledger ignores it, and so do rooms and rankings. Kept in memory only: whoever begins in the middle of a partition looks back
 * for fences first.
 */
export class PassedFences {
  readonly #generations = new Map<number, number>();
  /** Of each partition: the fences in front of it are known. */
  readonly #knownTo = new Map<number, number>();

  constructor(private readonly shards: ShardMap) {}

  pass(fence: Fence): void {
    for (const shard of fence.shards)
      this.#generations.set(shard, Math.max(this.#generations.get(shard) ?? 0, fence.generation));
  }

  /** What stands in front of a position has been read, fences and all. */
  reached({ partition, offset }: LogPosition): void {
    this.#knownTo.set(partition, Math.max(this.#knownTo.get(partition) ?? 0, offset));
  }

  /** Passes the fences in front of a position that were not read here. Rejects when the log can't be read now. */
  async lookBack(log: Pick<EventLog<LogEntry>, 'read'>, { partition, offset }: LogPosition): Promise<void> {
    let from = Math.max(this.#knownTo.get(partition) ?? 0, offset - LOOK_BACK_RECORDS_MAX);
    while (from < offset) {
      try {
        const records = await log.read({ partition, offset: from }, offset - from);
        for (const { content } of records)
          if (content.ok && content.value.kind === 'fence') this.pass(content.value.fence);
        if (records.length === 0) return;
        from += records.length;
      } catch (error) {
        if (!(error instanceof LogPositionError)) throw error;
        // The log has dropped these, or ends before: then whoever reads on finds out.
        if (error.startOffset <= from) return;
        from = error.startOffset;
      }
    }
    this.reached({ partition, offset });
  }

  isStale({ event, generation }: DecidedEvent): boolean {
    if (this.#generations.size === 0) return false;
    const fence = this.#generations.get(this.shards.shardOf(event.opUserId));
    return fence !== undefined && generation < fence;
  }
}

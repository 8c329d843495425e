import type { Codec, LedgerSlice, LogEntry, LogPosition, LogRecord, ParkedRecord } from '@giftmesh/domain-money';

/** A record that is to be parked although it can be read. */
export interface Poison {
  readonly record: LogRecord<LogEntry>;
  readonly reason: string;
  readonly codec: Codec<LogEntry>;
}

interface GrowingSlice {
  readonly partition: number;
  readonly fromOffset: number;
  toOffset: number;
  readonly entries: LogEntry[];
  readonly parked: ParkedRecord[];
}

/** Records as the ledger takes them, a slice a partition. What can't be read, and the `poison`, is parked. */
export function slicesOf(records: readonly LogRecord<LogEntry>[], poison?: Poison): LedgerSlice[] {
  const slices = new Map<number, GrowingSlice>();
  for (const record of records) {
    const { partition, offset, content } = record;
    let slice = slices.get(partition);
    if (slice === undefined) {
      slice = { partition, fromOffset: offset, toOffset: offset, entries: [], parked: [] };
      slices.set(partition, slice);
    }
    slice.toOffset = offset + 1;
    if (!content.ok) slice.parked.push({ offset, reason: content.problem, payload: content.bytes });
    else if (record === poison?.record)
      slice.parked.push({ offset, reason: poison.reason, payload: poison.codec.encode(content.value) });
    else slice.entries.push(content.value);
  }
  return [...slices.values()];
}

/** Where the ledger stands after these slices. */
export function positionsBehind(slices: readonly LedgerSlice[]): LogPosition[] {
  return slices.map(({ partition, toOffset }) => ({ partition, offset: toOffset }));
}

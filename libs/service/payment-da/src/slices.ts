import type { Codec, LedgerSlice, LogEntry, LogPosition, LogRecord, ParkedRecord } from '@giftmesh/domain-money';

/** What is to be parked, besides what can't be read. */
export interface Parking {
  /** Records that can be read, and why they are parked. */
  readonly reasons: ReadonlyMap<LogRecord<LogEntry>, string>;
  readonly codec: Codec<LogEntry>;
  /** Records that are parked already, see {@link bytesKey}: an event that its station appends again and again is kept once. */
  readonly kept: Set<string>;
}

/** Bytes as a key: the same for the same bytes. */
export function bytesKey(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** Longest reason that is kept with a parked record, characters. */
export const REASON_MAX = 500;

interface GrowingSlice {
  readonly partition: number;
  readonly fromOffset: number;
  toOffset: number;
  readonly entries: LogEntry[];
  readonly parked: ParkedRecord[];
}

/** Records as the ledger takes them, a slice a partition. What can't be read, and what `parking` names, is parked. */
export function slicesOf(records: readonly LogRecord<LogEntry>[], parking?: Parking): LedgerSlice[] {
  const slices = new Map<number, GrowingSlice>();
  const kept = new Set(parking?.kept);
  const park = (slice: GrowingSlice, { offset, reason, payload }: ParkedRecord): void => {
    const key = bytesKey(payload);
    if (kept.has(key)) return;
    kept.add(key);
    slice.parked.push({ offset, reason: reason.slice(0, REASON_MAX), payload });
  };
  for (const record of records) {
    const { partition, offset, content } = record;
    let slice = slices.get(partition);
    if (slice === undefined) {
      slice = { partition, fromOffset: offset, toOffset: offset, entries: [], parked: [] };
      slices.set(partition, slice);
    }
    slice.toOffset = offset + 1;
    const reason = parking?.reasons.get(record);
    if (!content.ok) park(slice, { offset, reason: content.problem, payload: content.bytes });
    else if (parking !== undefined && reason !== undefined)
      park(slice, { offset, reason, payload: parking.codec.encode(content.value) });
    else slice.entries.push(content.value);
  }
  return [...slices.values()];
}

/**
 * The same records in one stretch, or in several that end behind fences when some of them are to be parked: a parked record is kept
 * with the fences that stood before its slice.
 */
export function cutBehindFences(
  records: readonly LogRecord<LogEntry>[],
  parking?: Parking,
): (readonly LogRecord<LogEntry>[])[] {
  const isParked = (record: LogRecord<LogEntry>): boolean =>
    !record.content.ok || parking?.reasons.has(record) === true;
  if (!records.some(isParked)) return [records];
  const stretches: (readonly LogRecord<LogEntry>[])[] = [];
  let start = 0;
  records.forEach(({ content }, index) => {
    if (!content.ok || content.value.kind !== 'fence') return;
    stretches.push(records.slice(start, index + 1));
    start = index + 1;
  });
  if (start < records.length) stretches.push(records.slice(start));
  return stretches;
}

/** Where the ledger stands after these slices. */
export function positionsBehind(slices: readonly LedgerSlice[]): LogPosition[] {
  return slices.map(({ partition, toOffset }) => ({ partition, offset: toOffset }));
}

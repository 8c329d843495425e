import {
  applyFences,
  LogPositionError,
  type DecidedEvent,
  type EventLog,
  type LedgerSlice,
  type LogEntry,
  type LogPosition,
  type LogRecord,
  type ShardMap,
} from '@giftmesh/domain-money';
import { countedIn } from '@giftmesh/service-payment-da';
import { moneyLogCodec } from '@giftmesh/wire-money';
import type { LedgerLook } from '../stores';

/** Records of one look into the log. */
const READ_RECORDS = 1000;

/** A partition of the log, and how far the ledger has come in it. */
export interface PartitionLag {
  readonly partition: number;
  /** The next record that the ledger wants. */
  readonly applied: number;
  /** The next record that the log will write. */
  readonly end: number;
}

/** The most dead letters that are counted, the oldest. */
const LETTERS_MAX = 10_000;

/** What stands in the log behind the ledger's positions. */
export interface Unapplied {
  /** Decisions that the ledger will apply, each once, in order of their partitions. */
  readonly events: readonly DecidedEvent[];
  /** Parked events that count once they are replayed, each once: they were answered OK, so their payers' stores have them. */
  readonly parked: readonly DecidedEvent[];
  /** How far the ledger is behind the log. */
  readonly lags: readonly PartitionLag[];
  /** Records that nobody can read: the ledger will park them. */
  readonly unreadable: number;
  /** Places where the ledger's position is none that the log holds: it will not go on there. */
  readonly problems: readonly string[];
}

/** The part of a ledger's view that is needed. */
export type AppliedView = Pick<LedgerLook, 'positions' | 'fences' | 'areOnRecord' | 'deadLetters'>;

/** The part of a log that is needed. */
export type ReadableLog = Pick<EventLog<LogEntry>, 'endPositions' | 'read'>;

/** An event's name, for sets. */
export const keyOf = ({ event: { opUserId, eventId } }: DecidedEvent): string => `${opUserId}/${eventId}`;

/**
 * Reads what the ledger, as the view shows it, has not applied yet.
 * @param onProgress told of the records of the log that were read so far. Default nobody.
 */
export async function readUnapplied(
  ledger: AppliedView,
  log: ReadableLog,
  shards: ShardMap,
  onProgress: (records: number) => void = () => undefined,
): Promise<Unapplied> {
  const applied = new Map((await ledger.positions()).map(({ partition, offset }) => [partition, offset]));
  const slices: LedgerSlice[] = [];
  const lags: PartitionLag[] = [];
  const problems: string[] = [];
  let unreadable = 0;
  let read = 0;
  for (const end of await log.endPositions()) {
    const fromOffset = applied.get(end.partition) ?? 0;
    lags.push({ partition: end.partition, applied: fromOffset, end: end.offset });
    try {
      const from = { partition: end.partition, offset: fromOffset };
      const records = await readBetween(log, from, end.offset, (more) => onProgress((read += more)));
      const entries = records.flatMap(({ content }) => (content.ok ? [content.value] : []));
      unreadable += records.length - entries.length;
      slices.push({ partition: end.partition, fromOffset, toOffset: end.offset, entries, parked: [] });
    } catch (error) {
      if (!(error instanceof LogPositionError)) throw error;
      problems.push(`the ledger can't go on: ${error.message}`);
    }
  }
  const parked = (await ledger.deadLetters(LETTERS_MAX)).flatMap(
    (letter) => countedIn(letter, moneyLogCodec, shards) ?? [],
  );
  const { events } = applyFences(slices, await ledger.fences(), shards);
  const seen = new Set<string>();
  const firsts = [...parked, ...events].filter((decided) => {
    const key = keyOf(decided);
    return seen.has(key) ? false : seen.add(key);
  });
  const onRecord = await ledger.areOnRecord(firsts.map(({ event }) => event));
  const missing = new Set(firsts.filter((_, index) => onRecord[index] !== true));
  return {
    events: events.filter((decided) => missing.has(decided)),
    parked: parked.filter((decided) => missing.has(decided)),
    lags,
    unreadable,
    problems,
  };
}

async function readBetween(
  log: ReadableLog,
  from: LogPosition,
  end: number,
  onRecords: (more: number) => void,
): Promise<LogRecord<LogEntry>[]> {
  const found: LogRecord<LogEntry>[] = [];
  // A position behind the end is asked for too: the log's complaint says what it holds.
  for (let offset = from.offset; offset !== end;) {
    const records = await log.read({ partition: from.partition, offset }, READ_RECORDS);
    const wanted = records.filter((record) => record.offset < end);
    if (wanted.length === 0) break;
    found.push(...wanted);
    offset += wanted.length;
    onRecords(wanted.length);
  }
  return found;
}

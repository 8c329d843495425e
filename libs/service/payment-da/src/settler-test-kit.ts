import { SimulatedClock } from '@giftmesh/kernel-time';
import {
  LedgerRejectError,
  ShardMap,
  type ApplyResult,
  type Codec,
  type DecidedEvent,
  type LedgerSlice,
  type LogEntry,
  type SettledNotice,
} from '@giftmesh/domain-money';
import { MemoryEventLog, MemoryLedger, sampleDecided } from '@giftmesh/domain-money/testing';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { AppliedPositions } from './applied-positions';
import { Settler, type SettlerOptions, type WatchBatch } from './settler';

/** A partition a shard. */
export const SHARDS = new ShardMap(2, 2);

/** Two payers, of partition 0 and of partition 1. */
export const PAYERS = [0, 1].map((partition) => {
  let userId = 1n;
  while (SHARDS.partitionOf(userId) !== partition) userId += 1n;
  return userId;
}) as [bigint, bigint];
/** Who gets the gifts. */
export const STAR = 1000n;
/** What the object of an event is whose bytes nobody can read. */
export const UNREADABLE_OBJ = 'unreadable';

const codec: Codec<LogEntry> = {
  encode: (entry) => moneyLogCodec.encode(entry),
  decode: (bytes) => {
    const entry = moneyLogCodec.decode(bytes);
    if (entry.kind === 'event' && entry.decided.event.objId === UNREADABLE_OBJ) throw new Error('no entry');
    return entry;
  },
};

/** What `apply` meets of a batch: an error to throw, or undefined to go on. */
export type Trouble = (slices: readonly LedgerSlice[]) => Error | undefined;

/** A ledger that finds trouble where the test says so. */
export class TroubledLedger extends MemoryLedger {
  trouble: Trouble = () => undefined;
  /** Numbers of the events of each `apply`, those that failed too. */
  readonly tried: (readonly number[])[] = [];

  override async apply(slices: readonly LedgerSlice[]): Promise<ApplyResult> {
    this.tried.push(slices.flatMap(({ entries }) => entries).map(numberOf));
    const error = this.trouble(slices);
    if (error !== undefined) throw error;
    return super.apply(slices);
  }
}

/** The event with a number; its payer is that of partition 0 unless it is said otherwise. */
export function gift(
  number: number,
  more: { readonly from?: bigint; readonly isUnreadable?: boolean; readonly isMalformed?: boolean } = {},
): LogEntry {
  const objId = more.isUnreadable === true ? UNREADABLE_OBJ : 'rose';
  const { from = PAYERS[0] } = more;
  // A payer who gets is one that no ledger takes.
  const wrong = { opUserChange: { userId: from, assetType: 'coin', incr: 1n } } as const;
  const event = { objId, bizId: BigInt(number), ...(more.isMalformed === true ? wrong : {}) };
  return { kind: 'event', decided: sampleDecided({ id: number, from, to: STAR, seq: number, event }) };
}

/** The number of an event made by {@link gift}. */
export function numberOf(entry: LogEntry): number {
  return entry.kind === 'event' ? Number(entry.decided.event.bizId) : -1;
}

/** Trouble with events of these numbers, whatever batch they are in. */
export function poison(...numbers: readonly number[]): Trouble {
  return (slices) => {
    const found = slices.flatMap(({ entries }) => entries.map(numberOf)).find((number) => numbers.includes(number));
    return found === undefined ? undefined : new LedgerRejectError(`event ${found} can't be`);
  };
}

/** Few records at a time. */
export const OPTIONS: SettlerOptions = {
  recordsMax: 8,
  intervalMs: 0,
  retryDelayMs: 200,
};

/** A settler on a log and a ledger in memory, and all that it has told stations. */
export function setUp(options: Partial<SettlerOptions> = {}, watchBatch?: WatchBatch) {
  const clock = new SimulatedClock();
  const log = new MemoryEventLog<LogEntry>({ clock, partitionCount: SHARDS.partitionCount, codec, dropReleased: true });
  const ledger = new TroubledLedger(clock, SHARDS);
  const notices: SettledNotice[] = [];
  const publish = { fails: false };
  const positions = new AppliedPositions(clock, () => ledger.positions());
  const settler = new Settler(
    {
      clock,
      log,
      codec,
      ledger,
      positions,
      shards: SHARDS,
      ...(watchBatch === undefined ? {} : { watchBatch }),
      notices: {
        publish: async (notice) => {
          if (publish.fails) throw new Error('nobody there');
          notices.push(notice);
        },
        subscribe: () => async () => undefined,
      },
    },
    { ...OPTIONS, ...options },
  );
  const append = (...entries: readonly LogEntry[]): Promise<void> =>
    log.append(
      entries.map((value) => ({
        partition: value.kind === 'event' ? SHARDS.partitionOf(value.decided.event.opUserId) : 0,
        value,
      })),
    );
  /** Numbers of the events that the ledger has applied, in its order. */
  const applied = (): number[] =>
    ledger.snapshot().decided.map((decided: DecidedEvent) => numberOf({ kind: 'event', decided }));
  /** Goes on until nothing happens any more. */
  const untilRest = async (): Promise<void> => {
    for (let quiet = 0, steps = 0; quiet < 2; steps += 1) {
      if (steps > 10_000) throw new Error('the settler never rests');
      // A turn: all promises that can settle have settled then.
      await new Promise((resolve) => setImmediate(resolve));
      const nextMs = clock.nextTimerInMs;
      quiet = nextMs === undefined ? quiet + 1 : 0;
      clock.advance(nextMs ?? 0);
    }
  };
  return { clock, codec, log, ledger, notices, publish, positions, settler, append, applied, untilRest };
}

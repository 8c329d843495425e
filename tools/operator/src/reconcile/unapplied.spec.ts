import { LogPositionError, ShardMap, type LogEntry } from '@giftmesh/domain-money';
import { eventEntry, fenceEntry, MemoryEventLog, sampleDecided } from '@giftmesh/domain-money/testing';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { readUnapplied, type AppliedView } from './unapplied';

const SHARDS = new ShardMap(4, 2);
const ALICE = 1n;
const PARTITION = SHARDS.partitionOf(ALICE);

const entry = (id: number, more: { generation?: number; refused?: boolean } = {}): LogEntry =>
  eventEntry(sampleDecided({ id, from: ALICE, to: 9n, seq: id, ...more }));

const logOf = async (entries: readonly LogEntry[]): Promise<MemoryEventLog<LogEntry>> => {
  const log = new MemoryEventLog<LogEntry>({ clock: new SimulatedClock(), partitionCount: 2 });
  await log.append(entries.map((value) => ({ partition: PARTITION, value })));
  return log;
};

const ledger = (offset: number, changes: Partial<AppliedView> = {}): AppliedView => ({
  positions: () => [{ partition: PARTITION, offset }],
  fences: () => new Map(),
  areOnRecord: (events) => events.map(() => false),
  deadLetters: () => [],
  ...changes,
});

const idsOf = async (view: AppliedView, entries: readonly LogEntry[]): Promise<string[]> => {
  const { events, problems, unreadable } = await readUnapplied(view, await logOf(entries), SHARDS);
  expect({ problems, unreadable }).toEqual({ problems: [], unreadable: 0 });
  return events.map(({ event }) => event.eventId);
};

const id = (number: number): string => sampleDecided({ id: number, from: ALICE, to: 9n }).event.eventId;

describe('readUnapplied', () => {
  it('reads from where the ledger stands, all pages', async () => {
    const entries = Array.from({ length: 2500 }, (_, number) => entry(number));
    expect(await idsOf(ledger(2500), entries)).toEqual([]);
    expect(await idsOf(ledger(2498), entries)).toEqual([id(2498), id(2499)]);
    expect(await idsOf(ledger(0), entries)).toHaveLength(2500);
  });

  it('counts an event once, and not when it is on record already', async () => {
    const view = ledger(0, { areOnRecord: (events) => events.map(({ eventId }) => eventId === id(1)) });
    expect(await idsOf(view, [entry(1), entry(2), entry(2), entry(3, { refused: true })])).toEqual([id(2), id(3)]);
  });

  it('leaves out what stands behind a fence, one that was applied before included', async () => {
    const shard = SHARDS.shardOf(ALICE);
    expect(await idsOf(ledger(0), [entry(1), fenceEntry([shard], 2), entry(2), entry(3, { generation: 2 })])).toEqual([
      id(1),
      id(3),
    ]);
    expect(await idsOf(ledger(0, { fences: () => new Map([[shard, 2]]) }), [entry(1)])).toEqual([]);
  });

  it('tells when the ledger stands where the log has nothing', async () => {
    const { problems } = await readUnapplied(ledger(7), await logOf([entry(1)]), SHARDS);
    expect(problems).toEqual([expect.stringContaining('7 was asked for')]);
    expect(problems[0]).toContain(new LogPositionError({ partition: PARTITION, offset: 7 }, 0, 1).message);
  });

  it('counts what nobody can read', async () => {
    const log = new MemoryEventLog<LogEntry>({
      clock: new SimulatedClock(),
      partitionCount: 2,
      codec: {
        encode: () => new Uint8Array([1]),
        decode: () => {
          throw new Error('none');
        },
      },
    });
    await log.append([{ partition: PARTITION, value: entry(1) }]);
    expect(await readUnapplied(ledger(0), log, SHARDS)).toMatchObject({ events: [], unreadable: 1, problems: [] });
  });

  it('tells how far the ledger is behind in each partition', async () => {
    const { lags } = await readUnapplied(ledger(1), await logOf([entry(1), entry(2)]), SHARDS);
    const other = 1 - PARTITION;
    expect(new Map(lags.map((lag) => [lag.partition, lag]))).toEqual(
      new Map([
        [PARTITION, { partition: PARTITION, applied: 1, end: 2 }],
        [other, { partition: other, applied: 0, end: 0 }],
      ]),
    );
  });

  it('names parked events that count, each once, and no other', async () => {
    const shard = SHARDS.shardOf(ALICE);
    const letter = (number: number, payload: Uint8Array, fences: ReadonlyMap<number, number> = new Map()) => ({
      ...{ id: number, partition: PARTITION, offset: number, reason: 'cannot be', parkedAtMs: 0 },
      ...{ payload, fences },
    });
    const bytes = (number: number) => moneyLogCodec.encode(entry(number));
    const view = ledger(1, {
      areOnRecord: (events) => events.map(({ eventId }) => eventId === id(4)),
      deadLetters: () => [
        letter(1, bytes(1)),
        letter(2, bytes(1)),
        letter(3, Uint8Array.of(1, 2, 3)),
        letter(4, bytes(4)),
        letter(5, bytes(5), new Map([[shard, 2]])),
        letter(6, bytes(6), new Map([[shard, 1]])),
      ],
    });
    const { events, parked } = await readUnapplied(view, await logOf([entry(0), entry(1), entry(7)]), SHARDS);
    expect(parked.map(({ event }) => event.eventId)).toEqual([id(1), id(6)]);
    // One that stands in the log again is applied from there, and counts once.
    expect(events.map(({ event }) => event.eventId)).toEqual([id(7)]);
  });
});

import { LogPositionError, ShardMap, type LogEntry } from '@giftmesh/domain-money';
import { eventEntry, fenceEntry, MemoryEventLog, sampleDecided } from '@giftmesh/domain-money/testing';
import { SimulatedClock } from '@giftmesh/kernel-time';
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
  isOnRecord: () => false,
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
    const view = ledger(0, { isOnRecord: (_, eventId) => eventId === id(1) });
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
    expect(await readUnapplied(ledger(0), log, SHARDS)).toEqual({ events: [], unreadable: 1, problems: [] });
  });
});

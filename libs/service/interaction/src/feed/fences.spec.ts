import { LogPositionError, ShardMap, type LogEntry, type LogPosition, type LogRecord } from '@giftmesh/domain-money';
import { eventEntry, fenceEntry, sampleDecided } from '@giftmesh/domain-money/testing';
import { LOOK_BACK_RECORDS_MAX, PassedFences } from './fences';

const SHARDS = new ShardMap(4, 1);
const PAYER = 1n;
const stale = { ...sampleDecided({ id: 1, from: PAYER, to: 2n, seq: 1 }), generation: 1 };
const fence = fenceEntry(SHARDS.allShards(), 2);
const gift = eventEntry(sampleDecided({ id: 2, from: PAYER, to: 2n, seq: 2 }));

/** A log of one partition that begins at `start` and tells where it was read. */
function logOf(values: readonly LogEntry[], start = 0) {
  const reads: number[] = [];
  const read = async ({ partition, offset }: LogPosition, recordsMax: number): Promise<LogRecord<LogEntry>[]> => {
    reads.push(offset);
    const end = start + values.length;
    if (offset < start || offset > end) throw new LogPositionError({ partition, offset }, start, end);
    const found = values.slice(offset - start, offset - start + recordsMax);
    return found.map((value, index) => ({ partition, offset: offset + index, content: { ok: true, value } }));
  };
  return { read, reads };
}

describe('PassedFences', () => {
  it('looks back for what was not read here, and once only', async () => {
    const fences = new PassedFences(SHARDS);
    const log = logOf([fence, gift, gift]);
    await fences.lookBack(log, { partition: 0, offset: 3 });
    expect(fences.isStale(stale)).toBe(true);
    await fences.lookBack(log, { partition: 0, offset: 3 });
    expect(log.reads).toEqual([0]);
    fences.reached({ partition: 0, offset: 9 });
    await fences.lookBack(log, { partition: 0, offset: 8 });
    expect(log.reads).toEqual([0]);
  });

  it('looks no further back than its limit', async () => {
    const fences = new PassedFences(SHARDS);
    const values = [fence, ...new Array<LogEntry>(LOOK_BACK_RECORDS_MAX).fill(gift)];
    await fences.lookBack(logOf(values), { partition: 0, offset: values.length });
    expect(fences.isStale(stale)).toBe(false);
    const nearer = new PassedFences(SHARDS);
    await nearer.lookBack(logOf(values), { partition: 0, offset: values.length - 1 });
    expect(nearer.isStale(stale)).toBe(true);
  });

  it('begins where the log begins, and leaves a position beyond its end to whoever reads on', async () => {
    const fences = new PassedFences(SHARDS);
    await fences.lookBack(logOf([fence, gift], 5), { partition: 0, offset: 7 });
    expect(fences.isStale(stale)).toBe(true);
    const beyond = new PassedFences(SHARDS);
    await beyond.lookBack(logOf([], 0), { partition: 0, offset: LOOK_BACK_RECORDS_MAX + 9 });
    expect(beyond.isStale(stale)).toBe(false);
  });

  it('fails while the log can not be read', async () => {
    const read = () => Promise.reject(new Error('away'));
    await expect(new PassedFences(SHARDS).lookBack({ read }, { partition: 0, offset: 1 })).rejects.toThrow('away');
  });
});

import type { LogEntry, LogRecord } from '@giftmesh/domain-money';
import { fenceEntry } from '@giftmesh/domain-money/testing';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { gift } from './settler-test-kit';
import { bytesKey, cutBehindFences, positionsBehind, REASON_MAX, slicesOf } from './slices';

const record = (partition: number, offset: number, number: number): LogRecord<LogEntry> => ({
  partition,
  offset,
  content: { ok: true, value: gift(number) },
});

describe('slicesOf', () => {
  it('makes a slice a partition, in order, whatever order the partitions come in', () => {
    const slices = slicesOf([record(1, 7, 1), record(0, 3, 2), record(1, 8, 3), record(1, 9, 4)]);
    expect(slices).toEqual([
      { partition: 1, fromOffset: 7, toOffset: 10, entries: [gift(1), gift(3), gift(4)], parked: [] },
      { partition: 0, fromOffset: 3, toOffset: 4, entries: [gift(2)], parked: [] },
    ]);
    expect(positionsBehind(slices)).toEqual([
      { partition: 1, offset: 10 },
      { partition: 0, offset: 4 },
    ]);
    expect(slicesOf([])).toEqual([]);
  });

  it('parks what can’t be read with its bytes, and poison as it would be written', () => {
    const bytes = Uint8Array.of(1, 2);
    const damaged: LogRecord<LogEntry> = { partition: 0, offset: 1, content: { ok: false, bytes, problem: 'cut off' } };
    const poisonous = record(0, 2, 2);
    const [slice] = slicesOf([record(0, 0, 1), damaged, poisonous], {
      reasons: new Map([[poisonous, 'cannot be']]),
      codec: moneyLogCodec,
      kept: new Set(),
    });
    expect(slice).toEqual({
      partition: 0,
      fromOffset: 0,
      toOffset: 3,
      entries: [gift(1)],
      parked: [
        { offset: 1, reason: 'cut off', payload: bytes },
        { offset: 2, reason: 'cannot be', payload: moneyLogCodec.encode(gift(2)) },
      ],
    });
  });

  it('parks the same bytes once, and not when they are parked already', () => {
    const damaged = (offset: number, byte: number): LogRecord<LogEntry> => ({
      ...{ partition: 0, offset },
      content: { ok: false, bytes: Uint8Array.of(byte), problem: 'cut off' },
    });
    const records = [damaged(0, 1), damaged(1, 2), damaged(2, 1), damaged(3, 3), record(0, 4, 9)];
    const parking = { reasons: new Map(), codec: moneyLogCodec, kept: new Set([bytesKey(Uint8Array.of(2))]) };
    const [slice] = slicesOf(records, parking);
    expect(slice?.parked.map(({ offset }) => offset)).toEqual([0, 3]);
    expect(slice).toMatchObject({ fromOffset: 0, toOffset: 5, entries: [gift(9)] });
  });

  it('keeps of a reason what fits', () => {
    const content = { ok: false, bytes: Uint8Array.of(1), problem: 'x'.repeat(REASON_MAX + 1) } as const;
    const [slice] = slicesOf([{ partition: 0, offset: 0, content }]);
    expect(slice?.parked[0]?.reason).toBe('x'.repeat(REASON_MAX));
  });
});

describe('cutBehindFences', () => {
  const fence = (offset: number): LogRecord<LogEntry> => ({
    partition: 0,
    offset,
    content: { ok: true, value: fenceEntry([0], 2) },
  });
  const damaged: LogRecord<LogEntry> = {
    partition: 0,
    offset: 3,
    content: { ok: false, bytes: Uint8Array.of(1), problem: 'cut off' },
  };
  const [first, second] = [record(0, 0, 1), record(0, 2, 2)];

  it('leaves records together of which none is parked', () => {
    const records = [first, fence(1), second];
    expect(cutBehindFences(records)).toEqual([records]);
  });

  it('ends a stretch behind each fence when some are parked', () => {
    expect(cutBehindFences([first, fence(1), second, damaged, fence(4)])).toEqual([
      [first, fence(1)],
      [second, damaged, fence(4)],
    ]);
    expect(cutBehindFences([fence(1), second, damaged])).toEqual([[fence(1)], [second, damaged]]);
    expect(cutBehindFences([damaged, first])).toEqual([[damaged, first]]);
    const poison = { reasons: new Map([[second, 'cannot be']]), codec: moneyLogCodec, kept: new Set<string>() };
    expect(cutBehindFences([fence(1), second], poison)).toEqual([[fence(1)], [second]]);
  });
});

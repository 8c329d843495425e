import type { LogEntry, LogRecord } from '@giftmesh/domain-money';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { gift } from './settler-test-kit';
import { positionsBehind, slicesOf } from './slices';

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
      record: poisonous,
      reason: 'cannot be',
      codec: moneyLogCodec,
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
});

import { fenceOver, fencesFromText, fencesToText, parkedOf, withDebit } from './dead-letters';
import type { LedgerSlice } from './ports/ledger';
import { ShardMap } from './shards';
import { fenceEntry, sampleDecided } from './testing';

const SHARDS = new ShardMap(8, 2);
const slice = (partition: number, more: Partial<LedgerSlice> = {}): LedgerSlice => ({
  partition,
  fromOffset: 0,
  toOffset: 1,
  entries: [],
  parked: [],
  ...more,
});
const record = { offset: 4, reason: 'none', payload: Uint8Array.of(1) };

describe('the fences of a dead letter', () => {
  const fences = new Map([
    [0, 3],
    [2, 3],
    [4, 9],
  ]);

  it('are kept as text', () => {
    expect(fencesToText(fences)).toBe('[[3,[0,2]],[9,[4]]]');
    expect(fencesFromText(fencesToText(fences))).toEqual(fences);
    expect(fencesToText(new Map([[1, 0]]))).toBe('[]');
    expect(fencesFromText('[]')).toEqual(new Map());
  });

  it('are those of its partition that stood before its slice', () => {
    const [own = 0] = SHARDS.shardsOf(0);
    const [others = 0] = SHARDS.shardsOf(1);
    const before = new Map([
      [own, 1],
      [others, 1],
    ]);
    const slices = [
      slice(0, { entries: [fenceEntry([own, others], 2)], parked: [record] }),
      slice(0, { entries: [fenceEntry([own], 3)], parked: [record] }),
      slice(1, { parked: [record] }),
    ];
    expect(parkedOf(slices, before, SHARDS)).toEqual([
      { partition: 0, record, fences: new Map([[own, 1]]) },
      { partition: 0, record, fences: new Map([[own, 2]]) },
      { partition: 1, record, fences: new Map([[others, 1]]) },
    ]);
    expect(parkedOf([slice(0)], before, SHARDS)).toEqual([]);
  });

  it('keep out what is older than they are', () => {
    const of = (generation: number) => sampleDecided({ id: 1, from: 7n, to: 8n, generation });
    const stood = new Map([[SHARDS.shardOf(7n), 3]]);
    expect(fenceOver(of(2), stood, SHARDS)).toBe(3);
    expect(fenceOver(of(3), stood, SHARDS)).toBeUndefined();
    expect(fenceOver(of(0), new Map(), SHARDS)).toBeUndefined();
  });
});

it('a debit on top of an account', () => {
  const debit = sampleDecided({ id: 1, from: 7n, to: 8n, amount: 5n, seq: 3 });
  const none = withDebit(undefined, debit);
  expect(none).toEqual({ userId: 7n, assetType: 'coin', credited: 0n, reversed: 0n, debited: 5n, seq: 3 });
  expect(withDebit({ ...none, credited: 9n, seq: 8 }, debit)).toMatchObject({ credited: 9n, debited: 10n, seq: 8 });
});

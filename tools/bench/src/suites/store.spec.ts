import { medianFigures, type StoreFigure } from './store';

describe('the figures of the store suite', () => {
  it('are medians of the rounds, with the aims of the bench', () => {
    const round = (rate: number, cpuUs: number): StoreFigure[] => [
      { name: 'batches of 32 in a shard', value: rate, unit: 'debits/s', aim: 100 },
      { name: "batches of 32 in a shard: caller's CPU", value: cpuUs, unit: 'µs/debit' },
    ];
    expect(medianFigures('always_fsync', [round(90, 3), round(120, 1), round(110, 2)])).toEqual([
      { name: 'always_fsync.batches_of_32_in_a_shard', value: 110, unit: 'debits/s', aim: '>= 100', reached: true },
      {
        ...{ name: 'always_fsync.batches_of_32_in_a_shard_caller_cpu', value: 2, unit: 'µs/debit' },
        ...{ aim: null, reached: null },
      },
    ]);
  });
});

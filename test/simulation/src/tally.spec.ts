import { FAULT_NAMES } from './faults';
import { LONG_RUN_SEEDS, addTally, emptyTally, missingFaults, tallyOf } from './tally';

const report = {
  seed: 7,
  problems: [],
  steps: 100,
  events: 10,
  applied: 5,
  faults: new Map([['notice lost', 2] as const]),
};

describe('a tally', () => {
  it('adds up, and keeps what failed', () => {
    const tally = tallyOf(report);
    addTally(tally, tallyOf({ ...report, seed: 8, problems: ['a coin is gone'] }));
    expect(tally).toEqual({
      seeds: 2,
      events: 20,
      applied: 10,
      steps: 200,
      failures: [{ seed: 8, problems: ['a coin is gone'] }],
      faults: new Map([['notice lost', 4]]),
    });
  });

  it('misses the faults of a long run that never happened, and none in a short one', () => {
    const faults = new Map(FAULT_NAMES.map((name) => [name, name === 'log away' ? 0 : 1]));
    expect(missingFaults({ ...emptyTally(), seeds: LONG_RUN_SEEDS, faults })).toEqual(['log away']);
    expect(missingFaults({ ...emptyTally(), seeds: LONG_RUN_SEEDS - 1, faults })).toEqual([]);
  });
});

import { atMost, environment, exactly, figure, textOf, type SuiteReport } from './suite-report';

describe('a report', () => {
  const report: SuiteReport = {
    suite: 'chaos',
    seed: 7,
    environment: environment(),
    figures: [figure('gifts', 12), exactly(0, 'broken invariants', 1), atMost(2_000, 'ready', 1_999, 'ms')],
    notes: ['a note'],
  };

  it('says of each figure whether its aim was reached', () => {
    expect(textOf(report).split('\n')).toEqual([
      expect.stringMatching(/^ {2}gifts +12 count$/),
      expect.stringMatching(/^ {2}broken invariants +1 count {3}aim 0: NOT REACHED$/),
      expect.stringMatching(/^ {2}ready +1999 ms {3}aim 2000: reached$/),
      '',
      '- a note',
    ]);
  });

  it('lists faults where there are some', () => {
    expect(textOf({ ...report, faults: { 'redis killed': 3 } })).toMatch(/\n\n {2}redis killed +3 times\n\n- a note$/);
  });

  it('names the machine', () => {
    expect(report.environment).toMatchObject({ node: process.version, cpus: expect.any(Number) as number });
  });
});

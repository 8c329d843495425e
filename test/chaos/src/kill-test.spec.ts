import { Harness } from '@giftmesh/test-harness';
import { killTest } from './kill-test';
import { reportOf } from './report';

const KILLS = 6;

describe('the kill test', () => {
  const harness = new Harness();
  afterEach(() => harness.close());

  it('finds every invariant kept after some kills', async () => {
    const seed = Date.now() % 1_000_000_000;
    const outcome = await killTest({ kills: KILLS, killsPerEpoch: 3, seed, harness, onProgress: () => undefined });
    if (outcome.problems.length > 0) harness.folders.keep(outcome.dataFolder);
    expect({ seed, dataFolder: outcome.dataFolder, problems: outcome.problems }).toMatchObject({ problems: [] });
    const { figures } = reportOf(seed, KILLS, 0, outcome);
    const value = (name: string) => figures.find((figure) => figure.name === name)?.value;
    expect(figures.filter(({ name, reached }) => reached === false && !name.startsWith('ready'))).toEqual([]);
    expect(value('kills')).toBe(KILLS);
    // Something was at stake.
    expect(value('gifts applied')).toBeGreaterThan(0);
    expect(value('records compared')).toBeGreaterThan(0);
  }, 110_000);
});

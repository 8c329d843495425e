import { Harness } from '@giftmesh/test-harness';
import { integerOption, runCampaign, type Campaign } from './campaign';
import { killTest } from './kill-test';
import { reportOf } from './report';

const HELP = `Kills the standalone mesh with SIGKILL under load, starts it again on the same data, and checks every invariant.

usage: npm run kill -- [options]
  --kills N    how often it is killed (default 200)
  --seed S     decides load and times of the kills (default: from the clock)
  --quick      12 kills, under a minute
  --json       one JSON object on stdout instead of text

Exit code 1 when an invariant was broken: the seed, what was wrong, and the folder with the data are printed.`;

const KILLS = 200;
const QUICK_KILLS = 12;
const KILLS_MAX = 100_000;

const campaign: Campaign = {
  help: HELP,
  ownOptions: ['kills'],
  prepare: ({ seed, quick, own }) => {
    const kills = integerOption('kills', own['kills'], 1, KILLS_MAX) ?? (quick ? QUICK_KILLS : KILLS);
    return async () => {
      console.error(`kill test: ${kills} kills, seed ${seed}`);
      const harness = new Harness();
      const startedAtMs = performance.now();
      try {
        const outcome = await killTest({ kills, seed, harness, onProgress: (line) => console.error(line) });
        const { problems, dataFolder } = outcome;
        if (problems.length > 0) harness.folders.keep(dataFolder);
        const report = reportOf(seed, kills, performance.now() - startedAtMs, outcome);
        return { problems, replay: `with seed ${seed}, data kept in ${dataFolder}:`, report };
      } finally {
        await harness.close();
      }
    };
  },
};

void runCampaign(campaign, process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});

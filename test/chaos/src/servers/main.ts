import { Harness } from '@giftmesh/test-harness';
import { integerOption, runCampaign, type Campaign } from '../campaign';
import { Counts } from '../counts';
import { chaosReportOf } from './chaos-report';
import { runSeed } from './server-chaos';

const HELP = `Breaks two processes of each service, their links and their Redis, Kafka and MariaDB under load, heals, and checks every invariant.

usage: npm run chaos -- [options]
  --minutes N  seeds are run one after another until so much time is over (default 60)
  --seed S     the first seed; the next ones follow it (default: from the clock)
  --quick      one seed
  --json       one JSON object on stdout instead of text

Exit code 1 when an invariant was broken: the seed that replays the load and the faults, and what was wrong, are printed.`;

const MINUTES = 60;
const MINUTES_MAX = 100_000;

const campaign: Campaign = {
  help: HELP,
  ownOptions: ['minutes'],
  prepare: ({ seed: firstSeed, quick, own }) => {
    const minutes = integerOption('minutes', own['minutes'], 1, MINUTES_MAX) ?? MINUTES;
    return async () => {
      const startedAtMs = performance.now();
      const elapsedMs = (): number => performance.now() - startedAtMs;
      const counts = new Counts();
      let problems: readonly string[] = [];
      let seed = firstSeed;
      for (; problems.length === 0; seed += 1) {
        const isOver = elapsedMs() >= (quick ? 0 : minutes * 60_000);
        if (isOver && seed > firstSeed) break;
        problems = await runOne(seed, counts);
        counts.add('seeds');
      }
      const replay = `with seed ${seed - 1}; to run it again: npm run chaos -- --quick --seed ${seed - 1}`;
      return { problems, replay, report: chaosReportOf({ firstSeed, elapsedMs: elapsedMs(), counts, problems }) };
    };
  },
};

async function runOne(seed: number, counts: Counts): Promise<readonly string[]> {
  const harness = new Harness();
  try {
    return await runSeed({ seed, harness, counts, onProgress: (line) => console.error(line) });
  } catch (error) {
    // What can't be brought to rest is a find as well.
    return [`seed ${seed} could not be finished: ${error instanceof Error ? error.stack : String(error)}`];
  } finally {
    await harness.close();
  }
}

void runCampaign(campaign, process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});

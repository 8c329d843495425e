import { parseArgs } from 'node:util';
import { Harness } from '@giftmesh/test-harness';
import { killTest } from './kill-test';
import { reportOf, textOf } from './report';

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
const PROBLEMS_SHOWN_MAX = 20;
const EXIT_USAGE = 64;

function readArguments() {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const kills = Number(values.kills ?? (values.quick ? QUICK_KILLS : KILLS));
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(kills) || kills < 1 || kills > KILLS_MAX)
    throw new RangeError(`--kills must be 1 to ${KILLS_MAX}, is ${values.kills}`);
  if (!Number.isSafeInteger(seed)) throw new RangeError(`--seed must be an integer, is ${values.seed}`);
  return { ...values, kills, seed };
}

async function main(): Promise<number> {
  let options: ReturnType<typeof readArguments>;
  try {
    options = readArguments();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    return EXIT_USAGE;
  }
  if (options.help) {
    console.error(HELP);
    return 0;
  }
  const { kills, seed } = options;
  console.error(`kill test: ${kills} kills, seed ${seed}`);
  const harness = new Harness();
  const startedAtMs = performance.now();
  try {
    const outcome = await killTest({ kills, seed, harness, onProgress: (line) => console.error(line) });
    const { problems, dataFolder } = outcome;
    if (problems.length > 0) {
      harness.folders.keep(dataFolder);
      console.error(`BROKEN with seed ${seed}, data kept in ${dataFolder}:`);
      for (const problem of problems.slice(0, PROBLEMS_SHOWN_MAX)) console.error(`  ${problem}`);
      if (problems.length > PROBLEMS_SHOWN_MAX) console.error(`  and ${problems.length - PROBLEMS_SHOWN_MAX} more`);
    }
    const report = reportOf(seed, kills, performance.now() - startedAtMs, outcome);
    console.log(options.json ? JSON.stringify(report) : textOf(report));
    return problems.length === 0 ? 0 : 1;
  } finally {
    await harness.close();
  }
}

void main().then((code) => {
  process.exitCode = code;
});

import { parseArgs } from 'node:util';
import { Harness } from '@giftmesh/test-harness';
import { Counts } from '../counts';
import { chaosReportOf, chaosTextOf } from './chaos-report';
import { runSeed } from './server-chaos';

const HELP = `Breaks two processes of each service and their Redis, Kafka and MariaDB under load, heals, and checks every invariant.

usage: npm run chaos -- [options]
  --minutes N  seeds are run one after another until so much time is over (default 60)
  --seed S     the first seed; the next ones follow it (default: from the clock)
  --quick      one seed
  --json       one JSON object on stdout instead of text

Exit code 1 when an invariant was broken: the seed that replays the load and the faults, and what was wrong, are printed.`;

const MINUTES = 60;
const MINUTES_MAX = 100_000;
const PROBLEMS_SHOWN_MAX = 20;
const EXIT_USAGE = 64;

function readArguments() {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: String(MINUTES) },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  const seed = Number(values.seed);
  if (!(minutes > 0 && minutes <= MINUTES_MAX))
    throw new RangeError(`--minutes must be above 0 and at most ${MINUTES_MAX}, is ${values.minutes}`);
  if (!Number.isSafeInteger(seed)) throw new RangeError(`--seed must be an integer, is ${values.seed}`);
  return { ...values, minutes, seed };
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
  const startedAtMs = performance.now();
  const counts = new Counts();
  let problems: readonly string[] = [];
  let { seed } = options;
  for (; problems.length === 0; seed += 1) {
    const isOver = performance.now() - startedAtMs >= (options.quick ? 0 : options.minutes * 60_000);
    if (isOver && seed > options.seed) break;
    problems = await runOne(seed, counts);
    counts.add('seeds');
  }
  if (problems.length > 0) {
    console.error(`BROKEN with seed ${seed - 1}; to run it again: npm run chaos -- --quick --seed ${seed - 1}`);
    for (const problem of problems.slice(0, PROBLEMS_SHOWN_MAX)) console.error(`  ${problem}`);
    if (problems.length > PROBLEMS_SHOWN_MAX) console.error(`  and ${problems.length - PROBLEMS_SHOWN_MAX} more`);
  }
  const report = chaosReportOf({
    firstSeed: options.seed,
    elapsedMs: performance.now() - startedAtMs,
    counts,
    problems,
  });
  console.log(options.json ? JSON.stringify(report) : chaosTextOf(report));
  return problems.length === 0 ? 0 : 1;
}

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

void main().then((code) => {
  process.exitCode = code;
});

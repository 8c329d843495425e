import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runCampaign } from './campaign';
import { missingFaults, replayCommand, type FailedSeed, type Tally } from './tally';

const HELP = `Runs the payment services on simulated ports, a seed a run, and checks every invariant.

usage: npm run simulate -- [options]
  --seeds N    how many runs (default 1000)
  --seed S     the first seed (default: from the clock); run S+1, S+2, … follow
  --workers N  threads (default: one for each core)
  --json       one JSON object on stdout instead of text

A failure prints its seed; replay it with: ${replayCommand(0).replace(' 0 ', ' S ')}
Exit code 1 when an invariant broke, or when a kind of fault never happened in a run of some length.`;

/** Problems shown for one failing seed, and failing seeds in the summary. */
const SHOWN_MAX = 10;
const WORKERS_MAX = 64;
/** Least time from one line of progress to the next, milliseconds. */
const PROGRESS_EVERY_MS = 10_000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      workers: { type: 'string', default: String(availableParallelism()) },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [first, count, workers] = [Number(values.seed), Number(values.seeds), Number(values.workers)];
  const isGood =
    Number.isSafeInteger(first) && isCount(count, Number.MAX_SAFE_INTEGER - first) && isCount(workers, WORKERS_MAX);
  if (values.help || !isGood) {
    console.error(HELP);
    return values.help ? 0 : 64;
  }
  const startedAtMs = performance.now();
  let saidAtMs = startedAtMs;
  const tally = await runCampaign({
    first,
    count,
    workers,
    onProgress: (all, latest) => {
      for (const failure of latest.failures) sayFailure(failure);
      if (performance.now() - saidAtMs < PROGRESS_EVERY_MS) return;
      saidAtMs = performance.now();
      sayProgress(all, count, (saidAtMs - startedAtMs) / 1_000);
    },
  });
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const missing = missingFaults(tally);
  const { seeds, events, applied, steps, failures, faults } = tally;
  const summary = {
    suite: 'simulation',
    seed: first,
    seeds,
    failed: failures.length,
    failures: failures.slice(0, SHOWN_MAX),
    events,
    applied,
    steps,
    workers,
    seconds: Math.round(seconds),
    seedsPerSecond: Number((seeds / seconds).toFixed(1)),
    faults: Object.fromEntries([...faults].sort()),
    faultsMissing: missing,
  };
  if (values.json) console.log(JSON.stringify(summary));
  else {
    console.log(`${seeds} seeds from ${first}: ${failures.length} failed (${summary.seedsPerSecond} seeds/s)`);
    console.log(`${events} events wanted, ${applied} applied, ${steps} steps`);
    for (const [name, times] of Object.entries(summary.faults)) console.log(`  ${name.padEnd(52)} ${times}`);
  }
  if (missing.length > 0) console.error(`never happened, so nothing is shown about it: ${missing.join(', ')}`);
  return failures.length === 0 && missing.length === 0 ? 0 : 1;
}

function sayFailure({ seed, problems }: FailedSeed): void {
  console.error(`seed ${seed}: ${problems.slice(0, SHOWN_MAX).join('\n  ')}\n  replay: ${replayCommand(seed)}`);
}

function sayProgress({ seeds, failures }: Tally, count: number, seconds: number): void {
  const perSecond = seeds / seconds;
  const leftMinutes = (count - seeds) / perSecond / 60;
  console.error(
    `${seeds} of ${count} seeds, ${failures.length} failed, ${perSecond.toFixed(1)} seeds/s, ${leftMinutes.toFixed(1)} minutes left`,
  );
}

function isCount(value: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= max;
}

void main().then((code) => {
  process.exitCode = code;
});

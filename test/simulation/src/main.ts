import { parseArgs } from 'node:util';
import { simulate } from './simulation';

const HELP = `Runs the payment services on simulated ports, a seed a run, and checks every invariant.

usage: npm run simulate -- [options]
  --seeds N    how many runs (default 1000)
  --seed S     the first seed (default: from the clock); run S+1, S+2, … follow
  --json       one JSON object on stdout instead of text

A failure prints its seed; replay it with: npm run simulate -- --seed S --seeds 1`;

/** Problems shown for one failing seed. */
const PROBLEMS_SHOWN_MAX = 10;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [first, count] = [Number(values.seed), Number(values.seeds)];
  if (values.help || !Number.isSafeInteger(first) || !Number.isSafeInteger(count) || count < 1) {
    console.error(HELP);
    return values.help ? 0 : 64;
  }
  const faults = new Map<string, number>();
  const failures: { seed: number; problems: readonly string[] }[] = [];
  const startedAtMs = performance.now();
  let [events, applied, steps] = [0, 0, 0];
  for (let index = 0; index < count; index += 1) {
    const report = await simulate(first + index);
    events += report.events;
    applied += report.applied;
    steps += report.steps;
    for (const [name, times] of report.faults) faults.set(name, (faults.get(name) ?? 0) + times);
    if (report.problems.length > 0) {
      failures.push({ seed: report.seed, problems: report.problems });
      console.error(`seed ${report.seed}: ${report.problems.slice(0, PROBLEMS_SHOWN_MAX).join('\n  ')}`);
    }
    if ((index + 1) % 500 === 0) console.error(`${index + 1} of ${count} seeds, ${failures.length} failed`);
  }
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const summary = {
    suite: 'simulation',
    seed: first,
    seeds: count,
    failed: failures.length,
    failures: failures.slice(0, PROBLEMS_SHOWN_MAX),
    events,
    applied,
    steps,
    seedsPerMinute: Math.round((count / seconds) * 60),
    faults: Object.fromEntries([...faults].sort()),
  };
  if (values.json) console.log(JSON.stringify(summary));
  else {
    console.log(`${count} seeds from ${first}: ${failures.length} failed (${summary.seedsPerMinute} seeds a minute)`);
    console.log(`${events} events wanted, ${applied} applied, ${steps} steps`);
    for (const [name, times] of Object.entries(summary.faults)) console.log(`  ${name.padEnd(14)} ${times}`);
  }
  return failures.length === 0 ? 0 : 1;
}

void main().then((code) => {
  process.exitCode = code;
});

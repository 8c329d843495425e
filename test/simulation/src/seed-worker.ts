import { parentPort } from 'node:worker_threads';
import { simulate } from './simulation';
import { addTally, emptyTally, tallyOf } from './tally';

/** Seeds for one worker to run. */
export interface SeedRange {
  readonly first: number;
  readonly count: number;
}

// Errors are thrown by the thousand here, and nobody looks where.
Error.stackTraceLimit = 0;

/** Runs what it is told, one range at a time, and sends the tally of each. */
parentPort?.on('message', (range: SeedRange) => {
  void run(range).then((tally) => parentPort?.postMessage(tally));
});

async function run({ first, count }: SeedRange): Promise<ReturnType<typeof emptyTally>> {
  const tally = emptyTally();
  for (let seed = first; seed < first + count; seed += 1) addTally(tally, tallyOf(await simulate(seed)));
  return tally;
}

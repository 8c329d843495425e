import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { SeedRange } from './seed-worker';
import { addTally, emptyTally, type Tally } from './tally';

/** Seeds that a worker gets at a time: enough that handing out costs nothing, few enough that all end together. */
const RANGE_SEEDS = 20;

export interface CampaignOptions extends SeedRange {
  readonly workers: number;
  /** Told after each range, with all so far. */
  readonly onProgress: (tally: Tally, latest: Tally) => void;
}

/** Runs seeds on several threads. Rejects when a thread dies. */
export async function runCampaign({ first, count, workers, onProgress }: CampaignOptions): Promise<Tally> {
  const tally = emptyTally();
  let next = first;
  const nextRange = (): SeedRange | undefined => {
    const left = first + count - next;
    if (left <= 0) return undefined;
    const range = { first: next, count: Math.min(RANGE_SEEDS, left) };
    next += range.count;
    return range;
  };
  const work = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      const goOn = (): void => {
        const range = nextRange();
        if (range === undefined) resolve();
        else worker.postMessage(range);
      };
      worker.on('error', reject);
      worker.on('exit', (code) => reject(new Error(`a thread ended with code ${code}`)));
      worker.on('message', (latest: Tally) => {
        addTally(tally, latest);
        onProgress(tally, latest);
        goOn();
      });
      goOn();
    });
  const threads = Array.from(
    { length: Math.min(workers, Math.ceil(count / RANGE_SEEDS)) },
    () => new Worker(join(__dirname, 'seed-worker.js')),
  );
  try {
    await Promise.all(threads.map(work));
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  return tally;
}

import { atMost, figure, median } from '../figures';
import type { SuiteResult } from '../report';
import { untilQuiet } from '../servers/bench-server';
import { StandaloneMesh } from '../servers/standalone-mesh';
import type { Suite, SuiteContext } from './suite';

const FULL_STARTS = 5;
const QUICK_STARTS = 3;
const MB = 1e6;
const MEMORY_AIM_MB = 200;
const READY_AIM_S = 2;

/** Memory and time to ready of the standalone mesh that has nothing to do. */
export const idleSuite: Suite = {
  name: 'idle',
  summary: 'memory of the idle standalone mesh, and the time from its start until it serves',
  run: idleFigures,
};

/** The figures of {@link idleSuite}, which other suites have too. */
export async function idleFigures({ quick, standaloneMain, log }: SuiteContext): Promise<SuiteResult> {
  const starts: { readyAfterMs: number; rssBytes: number }[] = [];
  for (let start = 1, last = quick ? QUICK_STARTS : FULL_STARTS; start <= last; start += 1) {
    const mesh = await StandaloneMesh.start(standaloneMain);
    try {
      const { rssBytes } = await untilQuiet(mesh);
      starts.push({ readyAfterMs: mesh.readyAfterMs, rssBytes });
      log(`start ${start}/${last}: ready after ${mesh.readyAfterMs.toFixed(0)} ms, ${(rssBytes / MB).toFixed(0)} MB`);
    } finally {
      await mesh.stop();
    }
  }
  return {
    figures: [
      figure(
        'standalone.idle_memory',
        median(starts.map(({ rssBytes }) => rssBytes / MB)),
        'MB',
        atMost(MEMORY_AIM_MB),
      ),
      figure(
        'standalone.ready_after',
        median(starts.map(({ readyAfterMs }) => readyAfterMs / 1000)),
        's',
        atMost(READY_AIM_S),
      ),
    ],
    notes: [
      `Idle memory (resident set) and time to ready: medians of ${starts.length} starts on an empty data folder.`,
    ],
  };
}

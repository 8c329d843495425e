import type { LoadSpec } from '@giftmesh/tool-load';
import { atMost, figure, median, type Figure } from '../figures';
import { loadUntil, type LoadTotal } from '../load-until';
import { untilQuiet } from '../servers/bench-server';
import { StandaloneMesh } from '../servers/standalone-mesh';
import { recharge, stageWorkload } from '../viewers';
import { STREAM_GIFTS, type Suite } from './suite';

const DEFAULT_GIFTS = 1_000_000;
const QUICK_GIFTS = 200_000;
const VIEWERS = 1000;
const IN_FLIGHT = 2048;
const BATCH = 64;
/** Lines of the table that is printed, besides the first. */
const STEPS = 20;
/** Flat: the last fifth holds at most this much more memory than the second. The first is still warming up. */
const GROWTH_AIM = 1.2;
const MB = 1e6;

interface Sample {
  readonly gifts: number;
  readonly rssBytes: number;
}

/** Memory over many gifts. */
export const soakSuite: Suite = {
  name: 'soak',
  summary: `StreamGifts for --gifts N (${DEFAULT_GIFTS.toLocaleString('en-US')}), with the memory of the mesh over time`,
  async run({ quick, seed, gifts = quick ? QUICK_GIFTS : DEFAULT_GIFTS, standaloneMain, log }) {
    const mesh = await StandaloneMesh.start(standaloneMain);
    try {
      const workload = stageWorkload(VIEWERS, seed);
      await recharge(mesh.addresses.station, workload);
      const before = await untilQuiet(mesh);
      const samples: Sample[] = [{ gifts: 0, rssBytes: before.rssBytes }];
      const spec: LoadSpec = {
        client: 'stream',
        address: mesh.addresses.interaction,
        method: STREAM_GIFTS,
        inFlight: IN_FLIGHT,
        batch: BATCH,
        requests: { kind: 'gifts', workload },
      };
      log('     gifts   RSS MB');
      const total = await loadUntil(spec, gifts, async (done) => {
        const { rssBytes } = await mesh.usage();
        const step = (count: number): number => Math.floor((count / gifts) * STEPS);
        if (step(done) > step(samples.at(-1)?.gifts ?? 0))
          log(`${done.toLocaleString('en-US').padStart(10)}  ${(rssBytes / MB).toFixed(0).padStart(7)}`);
        samples.push({ gifts: done, rssBytes });
      });
      const after = await untilQuiet(mesh);
      const cpuUs = (after.cpuUs - before.cpuUs) / Math.max(1, total.ok);
      return { figures: soakFigures(gifts, samples, after.rssBytes, total, cpuUs), notes: NOTES };
    } finally {
      await mesh.stop();
    }
  },
};

const NOTES = [
  'Growth compares the median memory of the last fifth of the gifts with that of the second; the first is warming up.',
  'What the embedded balance store keeps for each event for a day (its answer, for retries) is part of the memory.',
];

function soakFigures(
  gifts: number,
  samples: readonly Sample[],
  restBytes: number,
  total: LoadTotal,
  cpuUs: number,
): Figure[] {
  const fifth = (number: number): number => {
    const [from, to] = [(gifts * (number - 1)) / 5, (gifts * number) / 5];
    const within = samples.filter(({ gifts: done }) => done >= from && done <= to);
    return median((within.length > 0 ? within : samples).map(({ rssBytes }) => rssBytes));
  };
  return [
    figure('soak.gifts', total.ok, 'gifts'),
    figure('soak.failed', total.failed, 'gifts', atMost(0)),
    figure('soak.per_second', total.ok / total.seconds, '1/s'),
    figure('soak.server_cpu', cpuUs, 'us/gift'),
    figure('soak.memory_before', (samples[0]?.rssBytes ?? 0) / MB, 'MB'),
    figure('soak.memory_second_fifth', fifth(2) / MB, 'MB'),
    figure('soak.memory_last_fifth', fifth(5) / MB, 'MB'),
    figure('soak.memory_growth', fifth(5) / fifth(2), 'of second fifth', atMost(GROWTH_AIM)),
    figure('soak.memory_at_rest', restBytes / MB, 'MB'),
  ];
}

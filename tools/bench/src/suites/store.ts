import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { DURABLE_REDIS, startRedis } from '@giftmesh/tool-infra';
import { atLeast, figure, median, type Figure } from '../figures';
import { STORE_BENCH } from '../paths';
import { missingOrElse, scratchFolder } from '../real/real-servers';
import type { Suite, SuiteContext } from './suite';

const FULL_ROUNDS = 3;
const QUICK_ROUNDS = 1;

/** How Redis keeps what it answered. */
const MODES = {
  always_fsync: DURABLE_REDIS,
  fsync_every_second: [...DURABLE_REDIS, '--appendfsync', 'everysec'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
type Mode = keyof typeof MODES;

const NOTES = [
  'The bench of libs/adapter/redis, as one process against one Redis of its own each time: `always_fsync` as money needs it, `fsync_every_second` for what that costs.',
  'Aims are for batches of one shard. The bare script (a marker, a balance, one outbox entry a call, and nothing that recovery, settling or retries need) tells what this machine could do at most: on the machine of the aim it did 142,000 debits a second with always-fsync.',
];

/** A figure of the adapter's bench. */
export interface StoreFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** At least this much. */
  readonly aim?: number;
}

/** Debits that Redis carries alone. */
export const storeSuite: Suite = {
  name: 'store',
  summary: 'debits a second of the balance store on Redis, one by one and in batches, with and without always-fsync',
  async run(context) {
    const rounds = context.quick ? QUICK_ROUNDS : FULL_ROUNDS;
    const measured: Record<Mode, StoreFigure[][]> = { always_fsync: [], fsync_every_second: [] };
    const modes = Object.keys(MODES) as Mode[];
    for (let round = 1; round <= rounds; round += 1)
      for (const mode of round % 2 === 0 ? [...modes].reverse() : modes) {
        context.log(`round ${round}/${rounds} ${mode}`);
        const found = await measure(mode, context);
        for (const { name, value, unit } of found) context.log(`  ${name}: ${value.toFixed(1)} ${unit}`);
        measured[mode].push(found);
      }
    return { figures: modes.flatMap((mode) => medianFigures(mode, measured[mode])), notes: NOTES };
  },
};

/** The medians of figures that each round has in the same order, under names for a report. */
export function medianFigures(prefix: string, rounds: readonly (readonly StoreFigure[])[]): Figure[] {
  return (rounds[0] ?? []).map(({ name, unit, aim }, index) => {
    const words = name
      .toLowerCase()
      .replace(/'s\b/g, '')
      .replace(/[^a-z0-9]+/g, '_');
    const value = median(rounds.map((found) => found[index]?.value ?? NaN));
    return figure(`${prefix}.${words}`, value, unit, aim === undefined ? undefined : atLeast(aim));
  });
}

async function measure(mode: Mode, { quick, seed }: SuiteContext): Promise<StoreFigure[]> {
  const folder = scratchFolder('redis');
  try {
    const redis = await startRedis({ folder, args: MODES[mode] }).catch((error: unknown) => {
      throw missingOrElse(error);
    });
    try {
      const args = [STORE_BENCH, '--url', redis.url, '--json', '--seed', String(seed), ...(quick ? ['--quick'] : [])];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const [answer, [code]] = await Promise.all([text(child.stdout), once(child, 'exit') as Promise<[number | null]>]);
      if (code !== 0) throw new Error(`the bench of the balance store ended with ${code}`);
      return (JSON.parse(answer) as { figures: StoreFigure[] }).figures;
    } finally {
      await redis.kill();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

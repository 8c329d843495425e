/**
 * What settling gifts costs on a MariaDB that syncs each commit and its binary log: one transaction a gift, as one would write it first,
 * against `MysqlLedger.apply` in batches, for one hot streamer and for 10,000, in one run.
 *
 *   node dist/ledger.bench.js [--json] [--quick] [--gifts N] [--seed S] [--url mysql://…]
 *
 * Starts a server of its own unless `--url` names an empty database. CPU is user and system time of this process, not the server's.
 */
import { parseArgs } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { ShardMap, type DecidedEvent } from '@giftmesh/domain-money';
import { systemClock } from '@giftmesh/kernel-time';
// eslint-disable-next-line @nx/enforce-module-boundaries -- benches start servers as tests do
import { startMariaDb } from '@giftmesh/tool-infra';
import { allStreamers, allViewers, byPartition, GiftSource, WORKLOADS, type Workload } from './gifts-bench-kit';
import { MysqlLedger } from './ledger';
import { NaiveLedger } from './naive-ledger';

/** Connections of the naive ledger: more were no faster on two cores. */
const NAIVE_CONNECTIONS = 16;
const BATCHES = [500, 2_000] as const;
const APPLIERS = [1, 2] as const;
const SHARDS = new ShardMap(16, 2);
/** How many times as fast as the naive ledger it is meant to be. */
const AIMS: Readonly<Record<string, number>> = { hot_streamer: 40, '10000_streamers': 10 };
/** Room for the whole run, and redo log for its peaks: what is measured is the ledger, not a server that is set up too small. */
const SERVER_ARGS = ['--innodb-buffer-pool-size=1G', '--innodb-log-file-size=1G'];

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly aim?: number | undefined;
  readonly reached?: boolean | undefined;
}

interface Measured {
  readonly giftsPerSecond: number;
  readonly cpuUs: number;
}

async function measure(gifts: number, work: () => Promise<unknown>): Promise<Measured> {
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await work();
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { giftsPerSecond: gifts / seconds, cpuUs: (user + system) / gifts };
}

/** An applier of its own for each partition, or one for all: each batch waits for the one before. */
async function settle(
  ledger: MysqlLedger,
  gifts: readonly DecidedEvent[],
  batch: number,
  appliers: number,
): Promise<void> {
  const offsets = new Map((await ledger.positions()).map(({ partition, offset }) => [partition, offset]));
  const parts = byPartition(gifts, SHARDS);
  const applyPart = async (part: readonly DecidedEvent[], partition: number): Promise<void> => {
    let fromOffset = offsets.get(partition) ?? 0;
    for (let from = 0; from < part.length; from += batch) {
      const entries = part.slice(from, from + batch).map((decided) => ({ kind: 'event' as const, decided }));
      const toOffset = fromOffset + entries.length;
      const { applied } = await ledger.apply([{ partition, fromOffset, toOffset, entries, parked: [] }]);
      if (applied !== entries.length) throw new Error(`only ${applied} of ${entries.length} were new`);
      fromOffset = toOffset;
    }
  };
  if (appliers > 1) await Promise.all(parts.map(applyPart));
  else for (const [partition, part] of parts.entries()) await applyPart(part, partition);
}

/** Makes all accounts, and gives every viewer enough, or each debit would be noted as an anomaly. */
async function fund(url: string): Promise<void> {
  const sql = await createConnection(url);
  const accounts = [
    ...allViewers().map((userId) => `(${userId},1,1000000000000,0,0,0,0)`),
    ...allStreamers(10_000).map((userId) => `(${userId},2,0,0,0,0,0)`),
  ];
  await sql.query(
    `INSERT INTO user_asset (user_id, asset_type, credited, reversed, debited, seq, debits) VALUES ${accounts.join()}`,
  );
  await sql.end();
}

async function compare(url: string, workload: Workload, gifts: number, source: GiftSource): Promise<Figure[]> {
  const figures: Figure[] = [];
  const tell = (name: string, { giftsPerSecond, cpuUs }: Measured, aim?: number, times?: number): void => {
    const ratio = times === undefined ? '' : `${times.toFixed(1)} times the naive`;
    console.error(
      `${name.padEnd(40)} ${giftsPerSecond.toFixed(0).padStart(8)} gifts/s ${cpuUs.toFixed(1).padStart(6)} us CPU  ${ratio}`,
    );
    figures.push({ name: `${name}_rate`, value: Math.round(giftsPerSecond), unit: 'gifts/s' });
    figures.push({ name: `${name}_cpu`, value: Number(cpuUs.toFixed(2)), unit: 'us' });
    if (times !== undefined)
      figures.push({
        name: `${name}_times`,
        value: Number(times.toFixed(2)),
        unit: 'x',
        aim,
        reached: aim === undefined ? undefined : times >= aim,
      });
  };
  const ledger = await MysqlLedger.open({ url, clock: systemClock, shards: SHARDS });
  const naive = new NaiveLedger(url, NAIVE_CONNECTIONS);
  try {
    // Connections, prepared statements and compiled code: not measured.
    await naive.settle(source.take(500, workload));
    await settle(ledger, source.take(4_000, workload), 500, 2);
    const naiveGifts = source.take(Math.ceil(gifts / 20), workload);
    const before = await measure(naiveGifts.length, () => naive.settle(naiveGifts));
    tell(`${workload.name}_naive`, before);
    for (const batch of BATCHES) {
      for (const appliers of APPLIERS) {
        const part = source.take(gifts, workload);
        const ours = await measure(gifts, () => settle(ledger, part, batch, appliers));
        const times = ours.giftsPerSecond / before.giftsPerSecond;
        const aim = batch === 500 && appliers === 2 ? AIMS[workload.name] : undefined;
        tell(`${workload.name}_batch_${batch}_appliers_${appliers}`, ours, aim, times);
      }
    }
    return figures;
  } finally {
    await naive.close();
    await ledger.close();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      gifts: { type: 'string' },
      seed: { type: 'string', default: '1' },
      url: { type: 'string' },
    },
  });
  const seed = Number(values.seed);
  const gifts = Number(values.gifts ?? (values.quick ? 20_000 : 100_000));
  const server = values.url === undefined ? await startMariaDb({ args: SERVER_ARGS }) : undefined;
  try {
    const url = values.url ?? server?.url ?? '';
    const ledger = await MysqlLedger.open({ url, clock: systemClock, shards: SHARDS });
    await ledger.close();
    await fund(url);
    const source = new GiftSource(seed);
    const figures: Figure[] = [];
    for (const workload of WORKLOADS) figures.push(...(await compare(url, workload, gifts, source)));
    if (values.json)
      console.log(
        JSON.stringify({
          suite: 'mysql-ledger',
          seed,
          environment: { node: process.version, platform: process.platform, arch: process.arch },
          figures,
          notes: [],
        }),
      );
  } finally {
    await server?.kill();
  }
}

void main();

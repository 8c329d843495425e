/**
 * What settling a gift costs: one payer, one payee, both records, aggregated accounts, on a new file with fsync.
 *
 *   node dist/ledger.bench.js [--json] [--quick] [--gifts N] [--seed S]
 *
 * Payers are 10,000 viewers of whom a fifth gives 97 % (as in real rooms), or all alike ("uniform": the worst case for a
 * file that is clustered by user). CPU is user and system time of the process, checkpoints included.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { uuidV7Source } from '@giftmesh/kernel-ids';
import { seededRandom } from '@giftmesh/kernel-random';
import { SimulatedClock, systemClock } from '@giftmesh/kernel-time';
import { fingerprintOf, ShardMap, type AssetEvent, type LogEntry } from '@giftmesh/domain-money';
import type { Durability } from './database';
import { SqliteLedgerCore } from './ledger';

const VIEWERS = 10_000;
const ACTIVE_SHARE = 0.2;
const ACTIVE_GIVE = 0.97;
/** Aim for batches of 512, µs of CPU per gift. */
const CPU_AIM_US = 12;

interface Workload {
  readonly name: string;
  readonly streamers: number;
  readonly payers: 'skewed' | 'uniform';
  readonly batch: number;
}

const WORKLOADS: readonly Workload[] = [
  ...[1, 64, 512, 2048].flatMap((batch) => [
    { name: 'hot_streamer', streamers: 1, payers: 'skewed' as const, batch },
    { name: '10000_streamers', streamers: 10_000, payers: 'skewed' as const, batch },
  ]),
  { name: 'hot_streamer_uniform', streamers: 1, payers: 'uniform', batch: 512 },
  { name: '10000_streamers_uniform', streamers: 10_000, payers: 'uniform', batch: 512 },
];

const userIdOf = (viewer: number): bigint => 1_000_000n + BigInt(viewer) * 7919n;

function entriesOf(workload: Workload, gifts: number, seed: number): LogEntry[] {
  const random = seededRandom(seed);
  const clock = new SimulatedClock();
  const nextId = uuidV7Source(clock, random);
  const seqs = new Map<number, number>();
  return Array.from({ length: gifts }, () => {
    // About 20,000 gifts a second.
    clock.advance(0.05);
    const active = workload.payers === 'uniform' || random.chance(ACTIVE_GIVE);
    const viewer =
      workload.payers === 'uniform'
        ? random.integer(0, VIEWERS - 1)
        : random.integer(active ? 0 : VIEWERS * ACTIVE_SHARE, active ? VIEWERS * ACTIVE_SHARE - 1 : VIEWERS - 1);
    const seq = (seqs.get(viewer) ?? 0) + 1;
    seqs.set(viewer, seq);
    const opUserId = userIdOf(viewer);
    const incr = BigInt(random.integer(1, 1000));
    const event: AssetEvent = {
      eventId: nextId(),
      opUserId,
      eventType: 'interact_gift',
      bizId: 700n,
      bizType: 'live',
      objId: 'rose',
      opUserChange: { userId: opUserId, assetType: 'coin', incr: -incr },
      toUserChanges: [
        { userId: 9_000_000_000n + BigInt(random.integer(0, workload.streamers - 1)), assetType: 'diamond', incr },
      ],
      quantity: 1,
      comboKey: '',
    };
    return {
      kind: 'event',
      decided: {
        event,
        outcome: 'applied',
        opUserBalance: 1_000_000n,
        seq,
        generation: 1,
        fingerprint: fingerprintOf(event),
        decidedAtMs: clock.nowMs(),
      },
    };
  });
}

/** Gives every viewer enough, or each debit would be noted as an anomaly. */
function fund(ledger: SqliteLedgerCore): void {
  const nextId = uuidV7Source(new SimulatedClock(), seededRandom(7));
  for (let viewer = 0; viewer < VIEWERS; viewer += 1)
    ledger.applyOrder({
      eventId: nextId(),
      userId: userIdOf(viewer),
      eventType: 'order_wx',
      orderId: BigInt(viewer + 1),
      outsideTransactionId: `wx-${viewer}`,
      assetType: 'coin',
      amount: 1_000_000_000n,
    });
}

function measure(workload: Workload, gifts: number, seed: number): { giftsPerSecond: number; cpuUs: number } {
  const entries = entriesOf(workload, gifts, seed);
  const folder = mkdtempSync(join(tmpdir(), 'giftmesh-ledger-bench-'));
  const open = (durability: Durability): SqliteLedgerCore =>
    new SqliteLedgerCore({
      path: join(folder, 'ledger.db'),
      clock: systemClock,
      shards: new ShardMap(256, 16),
      durability,
    });
  const funding = open('none');
  fund(funding);
  funding.close();
  const ledger = open('fsync');
  try {
    const cpu = process.cpuUsage();
    const startMs = performance.now();
    for (let from = 0; from < entries.length; from += workload.batch) {
      const part = entries.slice(from, from + workload.batch);
      ledger.apply([{ partition: 0, fromOffset: from, toOffset: from + part.length, entries: part, parked: [] }]);
    }
    const seconds = (performance.now() - startMs) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    return { giftsPerSecond: entries.length / seconds, cpuUs: (user + system) / entries.length };
  } finally {
    ledger.close();
    rmSync(folder, { recursive: true });
  }
}

function main(): void {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      gifts: { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  });
  const seed = Number(values.seed);
  const giftsMost = Number(values.gifts ?? (values.quick ? 20_480 : 102_400));
  const figures = WORKLOADS.flatMap((workload) => {
    const gifts = workload.batch === 1 ? Math.ceil(giftsMost / 20) : giftsMost;
    const { giftsPerSecond, cpuUs } = measure(workload, gifts, seed);
    const name = `${workload.name}_batch_${workload.batch}`;
    const aim = workload.batch === 512 && workload.payers === 'skewed' ? CPU_AIM_US : undefined;
    console.error(`${name.padEnd(36)} ${giftsPerSecond.toFixed(0).padStart(8)} gifts/s ${cpuUs.toFixed(1)} us CPU`);
    return [
      { name: `${name}_rate`, value: Math.round(giftsPerSecond), unit: 'gifts/s' },
      { name: `${name}_cpu`, value: Number(cpuUs.toFixed(2)), unit: 'us', aim, reached: aim && cpuUs <= aim },
    ];
  });
  if (values.json)
    console.log(
      JSON.stringify({
        suite: 'sqlite-ledger',
        seed,
        environment: { node: process.version, platform: process.platform, arch: process.arch },
        figures,
        notes: [],
      }),
    );
}

main();

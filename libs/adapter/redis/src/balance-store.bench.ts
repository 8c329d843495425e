/**
 * How many debits a second a Redis carries alone: gifts of 10,000 viewers, in several ways of calling, each for itself and then settled.
 *
 *   redis-server --port 7400 --appendonly yes --appendfsync always --dir /tmp/somewhere
 *   node dist/balance-store.bench.js --url redis://127.0.0.1:7400 [--url ... (nodes of a cluster)] [--json] [--quick] [--events N] [--seed S]
 *     [--only script | watch]
 *
 * Redis has one thread, so what bounds a store is how much of it a debit takes: the server's CPU is told beside the rate, and debits for each
 * second of it, which a busy machine changes less. Baselines of the same run: PING, a script that does nothing with the arguments of
 * a call of one debit and of 32, and one that does the least that could be called a debit. It writes under the prefix `bench:` and leaves its keys there.
 */
import { parseArgs } from 'node:util';
import { uuidV7Source } from '@giftmesh/kernel-ids';
import { seededRandom, type Random } from '@giftmesh/kernel-random';
import { systemClock } from '@giftmesh/kernel-time';
import { fingerprintOf, ShardMap, type DebitRequest } from '@giftmesh/domain-money';
import { baselines, forServerSecond, measure, type BenchFigure } from './balance-store-bench-test-kit';
import { connectRedis, RedisBalanceStore } from './index';

const VIEWERS = 10_000;
const SHARDS = new ShardMap(256, 16);
/** Aim of the design, debits a second in batches. */
const BATCH_AIM = 100_000;
/**
 * The same on any machine: debits for a second of the server's CPU, against a script that does the least. The machine of the aim did 142,000 of
 * those a second.
 */
const OF_BARE_AIM = BATCH_AIM / 142_000;
const SETTLE = 500;
const SETTLES_IN_FLIGHT = 4;

interface Way {
  readonly name: string;
  readonly debitBy: 'script' | 'watch';
  /** Events of one call. */
  readonly batch: number;
  readonly inFlight: number;
  /** All events of a call are of one shard. */
  readonly oneShard: boolean;
  readonly share: number;
  readonly aim?: number;
}

const WAYS: readonly Way[] = [
  { name: 'one by one, 64 in flight', debitBy: 'script', batch: 1, inFlight: 64, oneShard: true, share: 0.5 },
  {
    name: 'batches of 32 in a shard',
    debitBy: 'script',
    batch: 32,
    inFlight: 8,
    oneShard: true,
    share: 1,
    aim: BATCH_AIM,
  },
  { name: 'batches of 32 over shards', debitBy: 'script', batch: 32, inFlight: 8, oneShard: false, share: 1 },
  { name: 'batches of 256 over shards', debitBy: 'script', batch: 256, inFlight: 4, oneShard: false, share: 1 },
  { name: 'WATCH, one by one, 64 in flight', debitBy: 'watch', batch: 1, inFlight: 64, oneShard: true, share: 0.1 },
  { name: 'WATCH, batches of 32 in a shard', debitBy: 'watch', batch: 32, inFlight: 8, oneShard: true, share: 0.5 },
];

const BARE_32 = 'baseline: a bare script with 32 debits, 8 in flight';
/** Baselines of as many calls as a way of the same size. */
const BASELINES = [
  { batch: 1, inFlight: 64 },
  { batch: 32, inFlight: 8 },
] as const;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      events: { type: 'string' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
    },
  });
  if (values.url === undefined) throw new Error('--url names the Redis to be measured');
  const events = Number(values.events ?? (values.quick ? 40_000 : 200_000));
  const seed = Number(values.seed);
  const random = seededRandom(seed);
  const connection = await connectRedis({ urls: values.url, commandTimeoutMs: 30_000 });
  const figures: BenchFigure[] = [];
  for (const { batch, inFlight } of BASELINES)
    figures.push(
      ...(await baselines(connection, requestCalls(random, { batch, oneShard: true }, events / 2), inFlight)),
    );
  let generation = Date.now();
  for (const way of WAYS.filter(({ debitBy }) => values.only === undefined || values.only === debitBy)) {
    const store = new RedisBalanceStore({
      connection,
      shards: SHARDS,
      prefix: 'bench:',
      shardOutboxMax: 1_000_000,
      debitBy: way.debitBy,
    });
    generation += 1;
    await prepare(store, generation);
    const count = Math.round((events * way.share) / way.batch) * way.batch;
    // Once without a clock, so that both sides are warm.
    await run(store, requestCalls(random, way, Math.round(count / 5)), way.inFlight);
    const calls = requestCalls(random, way, count);
    const { name, aim } = way;
    const measured = await measure(connection, { name, count, what: 'debit', aim }, () =>
      run(store, calls, way.inFlight),
    );
    figures.push(...measured, ...(aim === undefined ? [] : ofBare(name, measured, figures)));
    if (way.batch === 32 && way.debitBy === 'script')
      figures.push(
        ...(await measure(connection, { name: `${name}, settled`, count, what: 'event' }, () => settle(store, calls))),
      );
    await store.close();
  }
  connection.close();
  if (values.json)
    console.log(
      JSON.stringify({ suite: 'redis-balance-store', seed, environment: { node: process.version }, figures }),
    );
  else
    for (const { name, value, unit } of figures)
      console.log(`${name.padEnd(56)} ${value.toFixed(value < 1_000 ? 2 : 0).padStart(10)} ${unit}`);
}

/** None on a cluster, which has no bare script. */
function ofBare(name: string, measured: readonly BenchFigure[], baselines: readonly BenchFigure[]): BenchFigure[] {
  const bare = baselines.find((figure) => figure.name === forServerSecond(BARE_32));
  const own = measured.find((figure) => figure.name === forServerSecond(name));
  if (bare === undefined || own === undefined) return [];
  const value = own.value / bare.value;
  return [{ name: `${name}: of the bare script`, value, unit: 'of bare', aim: OF_BARE_AIM }];
}

const userIdOf = (viewer: number): bigint => 1_000_000n + BigInt(viewer) * 7919n;

/** Opens the shards and puts all viewers in place. */
async function prepare(store: RedisBalanceStore, generation: number): Promise<void> {
  await store.raiseGeneration(SHARDS.allShards(), generation);
  await store.open(SHARDS.allShards(), generation);
  const users = Array.from({ length: VIEWERS }, (_, viewer) => {
    const userId = userIdOf(viewer);
    const coins = { userId, assetType: 'coin' as const, credited: 10n ** 12n, reversed: 0n, debited: 0n, seq: 0 };
    return { userId, accounts: [coins], markers: [], markersSinceMs: 0 };
  });
  const installed = await store.install(users, new Map(users.map(({ userId }) => [userId, generation])));
  if (!installed.every(Boolean)) throw new Error('not all viewers are in place');
}

function requestCalls(
  random: Random,
  { batch, oneShard }: Pick<Way, 'batch' | 'oneShard'>,
  events: number,
): DebitRequest[][] {
  const nextId = uuidV7Source(systemClock, random);
  const byShard = SHARDS.allShards().map((): bigint[] => []);
  for (let viewer = 0; viewer < VIEWERS; viewer += 1) {
    const userId = userIdOf(viewer);
    byShard[SHARDS.shardOf(userId)]?.push(userId);
  }
  const nowMs = systemClock.nowMs();
  const request = (opUserId: bigint): DebitRequest => {
    const incr = BigInt(random.integer(1, 1000));
    const event = {
      eventId: nextId(),
      opUserId,
      eventType: 'interact_gift' as const,
      bizId: 7n,
      bizType: 'live' as const,
      objId: 'rose',
      opUserChange: { userId: opUserId, assetType: 'coin' as const, incr: -incr },
      toUserChanges: [{ userId: 42n, assetType: 'diamond' as const, incr }],
      quantity: 1,
      comboKey: '',
    };
    const fingerprint = fingerprintOf(event);
    return { event, fingerprint, nowMs, executable: true, refusalIsFinal: true, absentAsOf: undefined };
  };
  return Array.from({ length: Math.ceil(events / batch) }, () => {
    const shard = random.pick(byShard);
    return Array.from({ length: batch }, () =>
      request(oneShard ? random.pick(shard) : userIdOf(random.integer(0, VIEWERS - 1))),
    );
  });
}

async function run(store: RedisBalanceStore, calls: readonly DebitRequest[][], inFlight: number): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let call = calls[next++]; call !== undefined; call = calls[next++])
      for (const result of await store.debit(call))
        if (result.kind !== 'decided' || result.duplicate) throw new Error(`a debit was answered ${result.kind}`);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}

async function settle(store: RedisBalanceStore, calls: readonly DebitRequest[][]): Promise<void> {
  const keys = calls.flat().map(({ event: { opUserId, eventId } }) => ({ opUserId, eventId }));
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = (next += SETTLE); at - SETTLE < keys.length; at = next += SETTLE)
      await store.settle(keys.slice(at - SETTLE, at));
  };
  await Promise.all(Array.from({ length: SETTLES_IN_FLIGHT }, worker));
}

void main();

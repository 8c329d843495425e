/**
 * How many debits a second a Redis carries alone: gifts of 10,000 viewers, in several ways of calling, each for itself and then settled.
 *
 *   redis-server --port 7400 --appendonly yes --appendfsync always --dir /tmp/somewhere
 *   node dist/balance-store.bench.js --url redis://127.0.0.1:7400 [--url ... (nodes of a cluster)] [--json] [--quick] [--events N] [--seed S]
 *
 * It writes under the prefix `bench:` and leaves its keys there.
 */
import { parseArgs } from 'node:util';
import { uuidV7Source } from '@giftmesh/kernel-ids';
import { seededRandom, type Random } from '@giftmesh/kernel-random';
import { systemClock } from '@giftmesh/kernel-time';
import { fingerprintOf, ShardMap, type DebitRequest } from '@giftmesh/domain-money';
import { connectRedis, RedisBalanceStore, type RedisConnection } from './index';

const VIEWERS = 10_000;
const SHARDS = new ShardMap(256, 16);
/** Aim of the design, debits a second in batches. */
const BATCH_AIM = 100_000;
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

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      events: { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  });
  if (values.url === undefined) throw new Error('--url names the Redis to be measured');
  const events = Number(values.events ?? (values.quick ? 40_000 : 200_000));
  const seed = Number(values.seed);
  const random = seededRandom(seed);
  const connection = await connectRedis({ urls: values.url, commandTimeoutMs: 10_000 });
  const figures: { name: string; value: number; unit: string; aim?: number; reached?: boolean }[] = [];
  let generation = Date.now();
  for (const way of WAYS) {
    const store = new RedisBalanceStore({
      connection,
      shards: SHARDS,
      prefix: 'bench:',
      shardOutboxMax: 1_000_000,
      debitBy: way.debitBy,
    });
    generation += 1;
    await prepare(store, generation);
    const count = Math.round(events * way.share);
    // Once without a clock, so that both sides are warm.
    await run(store, requestCalls(random, way, Math.round(count / 5)), way.inFlight);
    const calls = requestCalls(random, way, count);
    const cpu = process.cpuUsage();
    const serverCpu = await serverCpuMs(connection);
    const tookMs = await run(store, calls, way.inFlight);
    const { user, system } = process.cpuUsage(cpu);
    const value = (count / tookMs) * 1_000;
    const { name, aim } = way;
    figures.push({ name, value, unit: 'debits/s', ...(aim === undefined ? {} : { aim, reached: value >= aim }) });
    figures.push({ name: `${name}: caller's CPU`, value: (user + system) / count, unit: 'µs/debit' });
    const servers = ((await serverCpuMs(connection)) - serverCpu) * 1_000;
    figures.push({ name: `${name}: server's CPU`, value: servers / count, unit: 'µs/debit' });
    if (way.batch === 32 && way.debitBy === 'script')
      figures.push({ name: `${name}: settled`, value: await settle(store, calls), unit: 'events/s' });
    await store.close();
  }
  connection.close();
  if (values.json)
    console.log(
      JSON.stringify({ suite: 'redis-balance-store', seed, environment: { node: process.version }, figures }),
    );
  else
    for (const { name, value, unit } of figures)
      console.log(`${name.padEnd(48)} ${value.toFixed(value < 1_000 ? 2 : 0).padStart(10)} ${unit}`);
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

function requestCalls(random: Random, { batch, oneShard }: Way, events: number): DebitRequest[][] {
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

/** Resolves to the milliseconds that it took. */
async function run(store: RedisBalanceStore, calls: readonly DebitRequest[][], inFlight: number): Promise<number> {
  const begunAt = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let call = calls[next++]; call !== undefined; call = calls[next++])
      for (const result of await store.debit(call))
        if (result.kind !== 'decided' || result.duplicate) throw new Error(`a debit was answered ${result.kind}`);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return performance.now() - begunAt;
}

/** Resolves to events a second. */
async function settle(store: RedisBalanceStore, calls: readonly DebitRequest[][]): Promise<number> {
  const keys = calls.flat().map(({ event: { opUserId, eventId } }) => ({ opUserId, eventId }));
  const begunAt = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = (next += SETTLE); at - SETTLE < keys.length; at = next += SETTLE)
      await store.settle(keys.slice(at - SETTLE, at));
  };
  await Promise.all(Array.from({ length: SETTLES_IN_FLIGHT }, worker));
  return (keys.length / (performance.now() - begunAt)) * 1_000;
}

async function serverCpuMs(connection: RedisConnection): Promise<number> {
  let ms = 0;
  for (const node of connection.nodes()) {
    const info = await node.info('cpu');
    for (const [, seconds] of info.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)) ms += Number(seconds) * 1_000;
  }
  return ms;
}

void main();

/**
 * What a debit costs in the memory balance store: gifts of 10,000 viewers (a fifth of them gives 97 %) in calls of 64, settled in
 * calls of 512, markers and users beyond their limits all the while. CPU of the process, garbage collection included.
 *
 *   node --expose-gc dist/balance-store.bench.js [--json] [--quick] [--gifts N] [--seed S]
 */
import { parseArgs } from 'node:util';
import { uuidV7Source } from '@giftmesh/kernel-ids';
import { seededRandom } from '@giftmesh/kernel-random';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { fingerprintOf, ShardMap, type AssetEvent, type DebitRequest, type EventKey } from '@giftmesh/domain-money';
import { MemoryBalanceStore } from './balance-store';

const VIEWERS = 10_000;
const ACTIVE_SHARE = 0.2;
const ACTIVE_GIVE = 0.97;
const CALL = 64;
const SETTLE = 512;
/** Gifts made, then debited, then settled, in turns. */
const ROUND = CALL * 100;
const MARKERS_MAX = 50_000;
/** Aim, µs of CPU an event. */
const CPU_AIM_US = 2;
/** Gifts between two looks at memory. */
const LOOK_EVERY = 100_000;

const userIdOf = (viewer: number): bigint => 1_000_000n + BigInt(viewer) * 7919n;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      gifts: { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  });
  const gifts = Number(values.gifts ?? (values.quick ? 200_000 : 1_000_000));
  const seed = Number(values.seed);
  const random = seededRandom(seed);
  const clock = new SimulatedClock();
  const nextId = uuidV7Source(clock, random);
  const shards = new ShardMap(256, 16);
  const store = new MemoryBalanceStore({ shards, markersMax: MARKERS_MAX, outboxMax: ROUND, accountsMax: VIEWERS });
  await store.raiseGeneration(shards.allShards(), 1);
  await store.open(shards.allShards(), 1);
  const userIds = Array.from({ length: VIEWERS }, (_, viewer) => userIdOf(viewer));
  await store.install(
    userIds.map((userId) => ({
      userId,
      accounts: [{ userId, assetType: 'coin', credited: 10n ** 12n, reversed: 0n, debited: 0n, seq: 0 }],
      markers: [],
      markersSinceMs: 0,
    })),
    new Map(userIds.map((userId) => [userId, 1])),
  );

  const requestOf = (): DebitRequest => {
    const active = random.chance(ACTIVE_GIVE);
    const first = active ? 0 : VIEWERS * ACTIVE_SHARE;
    const opUserId = userIdOf(random.integer(first, (active ? VIEWERS * ACTIVE_SHARE : VIEWERS) - 1));
    const incr = BigInt(random.integer(1, 1000));
    const event: AssetEvent = {
      eventId: nextId(),
      opUserId,
      eventType: 'interact_gift',
      bizId: 7n,
      bizType: 'live',
      objId: 'rose',
      opUserChange: { userId: opUserId, assetType: 'coin', incr: -incr },
      toUserChanges: [{ userId: 42n, assetType: 'diamond', incr }],
      quantity: 1,
      comboKey: '',
    };
    const nowMs = clock.nowMs();
    return {
      event,
      fingerprint: fingerprintOf(event),
      nowMs,
      executable: true,
      refusalIsFinal: true,
      absentAsOf: undefined,
    };
  };

  let [debitUs, settleUs, applied] = [0, 0, 0];
  const heapMb: number[] = [];
  /** CPU of some work, µs. */
  const cpuOf = async (work: () => Promise<void>): Promise<number> => {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  for (let done = 0; done < gifts; done += ROUND) {
    clock.advance(ROUND / 20);
    const calls = Array.from({ length: ROUND / CALL }, () => Array.from({ length: CALL }, requestOf));
    const keys: EventKey[] = [];
    debitUs += await cpuOf(async () => {
      for (const requests of calls)
        for (const result of await store.debit(requests)) if (result.kind === 'decided') applied += 1;
    });
    for (const { event } of calls.flat()) keys.push({ opUserId: event.opUserId, eventId: event.eventId });
    settleUs += await cpuOf(async () => {
      for (let at = 0; at < keys.length; at += SETTLE) await store.settle(keys.slice(at, at + SETTLE));
    });
    if (done % LOOK_EVERY < ROUND) {
      global.gc?.();
      heapMb.push(Math.round(process.memoryUsage().heapUsed / 1e5) / 10);
    }
  }
  const half = heapMb[Math.floor(heapMb.length / 2)] ?? 0;
  const last = heapMb[heapMb.length - 1] ?? 0;
  const figures = [
    {
      name: 'debit CPU',
      value: debitUs / gifts,
      unit: 'µs/event',
      aim: CPU_AIM_US,
      reached: debitUs / gifts <= CPU_AIM_US,
    },
    { name: 'settle CPU', value: settleUs / gifts, unit: 'µs/event' },
    { name: 'heap half way', value: half, unit: 'MB' },
    { name: 'heap at the end', value: last, unit: 'MB', aim: half * 1.1, reached: last <= half * 1.1 },
  ];
  const environment = { node: process.version, gc: global.gc === undefined ? 'not exposed' : 'exposed' };
  const notes = [`${applied} of ${gifts} decided`, `heap every ${LOOK_EVERY} gifts, MB: ${heapMb.join(' ')}`];
  if (values.json) console.log(JSON.stringify({ suite: 'memory-balance-store', seed, environment, figures, notes }));
  else {
    for (const { name, value, unit } of figures)
      console.log(`${name.padEnd(20)} ${value.toFixed(2).padStart(10)} ${unit}`);
    for (const note of notes) console.log(note);
  }
}

void main();

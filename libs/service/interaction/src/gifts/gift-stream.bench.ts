/**
 * What this service's own code costs per gift, in CPU time (user and system) of the process.
 *
 *   tsc -b libs/service/interaction && node libs/service/interaction/dist/gifts/gift-stream.bench.js [--quick] [--json]
 *
 * Workload: messages of 512 gifts on one stream, 10,000 viewers, one recipient; the station answers at once and decides nothing.
 * Baseline: the same requests made ready beforehand and handed to the same station. Rounds alternate, the median counts.
 */
import { common, type interaction, type station } from '@giftmesh/contract';
import { priceGift, seededCatalogue, seededRooms } from '@giftmesh/domain-gifts';
import { MemoryActivityStore } from '@giftmesh/domain-gifts/testing';
import { ShardMap, type DecidedEvent, type LogEntry } from '@giftmesh/domain-money';
import { MemoryEventLog } from '@giftmesh/domain-money/testing';
import { uuidV7Source } from '@giftmesh/kernel-ids';
import { seededRandom } from '@giftmesh/kernel-random';
import { systemClock } from '@giftmesh/kernel-time';
import { eventToProto } from '@giftmesh/wire-money';
import { createInteractionService } from '../interaction-service';
import type { InteractionPorts, PaymentClient } from '../ports';

const MESSAGE = 512;
const VIEWERS = 10_000;
/** Microseconds of CPU per gift that our own code may cost. */
const AIM_US = 5;
const SEED = 11;

const random = seededRandom(SEED);
const newEventId = uuidV7Source(systemClock, random);
const catalogue = seededCatalogue();
const shards = new ShardMap(256, 16);

const payments: PaymentClient = {
  changeAssets: async ({ events }: station.ChangeAssetsRequest) => ({
    results: events.map(({ eventId }) => ({
      eventId,
      outcome: common.EventOutcome.APPLIED,
      opUserBalance: 1n,
      duplicate: false,
      message: '',
    })),
  }),
  getAssets: () => Promise.reject(new Error('not asked for')),
};

const newLog = (): MemoryEventLog<LogEntry> => new MemoryEventLog({ clock: systemClock, partitionCount: 16 });

function newService(log = newLog()) {
  const ports: InteractionPorts = {
    clock: systemClock,
    random,
    catalogue,
    rooms: seededRooms(),
    activity: new MemoryActivityStore(),
    log,
    shards,
    payments,
  };
  return createInteractionService(ports);
}

function giftsOf(count: number, comboKey: string): interaction.SendGiftRequest[] {
  return Array.from({ length: count }, () => ({
    eventId: newEventId(),
    viewerId: BigInt(random.integer(1, VIEWERS)),
    roomId: 1n,
    giftId: random.integer(1, 300),
    count: 1,
    recipientIds: [9_000_001n + BigInt(random.integer(0, 9))],
    comboKey,
  }));
}

async function* messagesOf(
  gifts: readonly interaction.SendGiftRequest[],
): AsyncGenerator<interaction.StreamGiftsRequest> {
  for (let start = 0; start < gifts.length; start += MESSAGE) yield { gifts: gifts.slice(start, start + MESSAGE) };
}

async function stream(gifts: readonly interaction.SendGiftRequest[]): Promise<void> {
  let answers = 0;
  for await (const { results } of newService().handlers.streamGifts(messagesOf(gifts))) answers += results.length;
  if (answers !== gifts.length) throw new Error(`${answers} answers for ${gifts.length} gifts`);
}

async function single(gifts: readonly interaction.SendGiftRequest[]): Promise<void> {
  const { sendGift } = newService().handlers;
  for (let start = 0; start < gifts.length; start += 64)
    await Promise.all(gifts.slice(start, start + 64).map(async (gift) => sendGift(gift)));
}

async function baseline(gifts: readonly interaction.SendGiftRequest[]): Promise<void> {
  const requests: station.ChangeAssetsRequest[] = [];
  for (let start = 0; start < gifts.length; start += MESSAGE)
    requests.push({ events: gifts.slice(start, start + MESSAGE) as unknown as common.AssetEvent[] });
  for (const request of requests) await payments.changeAssets(request);
}

/** The same gifts, decided and in the log. */
async function logOf(gifts: readonly interaction.SendGiftRequest[]): Promise<MemoryEventLog<LogEntry>> {
  const log = newLog();
  const seqs = new Map<bigint, number>();
  for (const gift of gifts) {
    const found = catalogue.find(gift.giftId);
    if (found === undefined) throw new Error('no gift');
    const event = priceGift(found, gift, gift.recipientIds);
    eventToProto(event);
    const seq = (seqs.get(gift.viewerId) ?? 0) + 1;
    seqs.set(gift.viewerId, seq);
    const decidedAtMs = systemClock.nowMs();
    const decided: DecidedEvent = {
      event,
      outcome: 'applied',
      opUserBalance: 1n,
      seq,
      generation: 1,
      fingerprint: 1n,
      decidedAtMs,
    };
    await log.append([{ partition: shards.partitionOf(gift.viewerId), value: { kind: 'event', decided } }]);
  }
  return log;
}

async function follow(log: MemoryEventLog<LogEntry>, gifts: number): Promise<void> {
  const service = newService(log);
  service.handlers.watchRoom({ roomId: 1n, resumeToken: '' });
  await service.start();
  // Asked seldom, for asking costs CPU time too, and the log lets records gather between its deliveries.
  while (service.stats().feed.counted < gifts) await new Promise((resolve) => setTimeout(resolve, 20));
  await service.close();
}

async function cpuUs(work: () => Promise<void>): Promise<number> {
  globalThis.gc?.();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

async function main(): Promise<void> {
  const isQuick = process.argv.includes('--quick');
  const count = (isQuick ? 40 : 200) * MESSAGE;
  const plain = giftsOf(count, '');
  const combos = giftsOf(count, 'combo');
  const log = await logOf(plain);
  const workloads = {
    baseline: () => baseline(plain),
    'StreamGifts, no combos': () => stream(plain),
    'StreamGifts, all combos': () => stream(combos),
    'SendGift, 64 at once': () => single(plain),
    'feed, one watched room': () => follow(log, count),
  };
  const rounds = isQuick ? 5 : 9;
  const measured = new Map<string, number[]>(Object.keys(workloads).map((name) => [name, []]));
  for (let round = -1; round < rounds; round += 1)
    for (const [name, work] of Object.entries(workloads)) {
      const us = (await cpuUs(work)) / count;
      if (round >= 0) measured.get(name)?.push(us);
    }
  const figures = [...measured].map(([name, values]) => {
    const value = Math.round(median(values) * 100) / 100;
    const isAimed = name.startsWith('StreamGifts');
    return { name, value, unit: 'us/gift', aim: isAimed ? AIM_US : null, reached: isAimed ? value <= AIM_US : null };
  });
  const environment = { node: process.version, arch: process.arch };
  const report = {
    suite: 'interaction',
    seed: SEED,
    environment,
    figures,
    notes: [`${count} gifts, ${rounds} rounds`],
  };
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(report)}\n`);
  else for (const { name, value } of figures) process.stdout.write(`${name.padEnd(26)} ${value.toFixed(2)} us/gift\n`);
}

void main();

import { createInteractionService, type InteractionService } from '../interaction-service';
import { coinsSeen, paid, watch } from '../test-kit/feed';
import { newKit, VIEWER, type Kit } from '../test-kit/kit';
import { SharedLog } from '../test-kit/shared-log';
import { LOOKS_BEHIND_A_GIFT } from './rank-news';

const ALL = [0, 1, 2, 3];
const FLUSH_MS = 200;
const RETRY_MS = 500;
const LOOK_MS = 1_000;

interface Pair {
  readonly kit: Kit;
  readonly logs: readonly [SharedLog, SharedLog];
  readonly first: InteractionService;
  readonly second: InteractionService;
}

async function newPair(): Promise<Pair> {
  const kit = newKit();
  const logs = [new SharedLog(kit.log), new SharedLog(kit.log)] as const;
  const [first, second] = logs.map((countedLog) => createInteractionService({ ...kit.ports, countedLog })) as [
    InteractionService,
    InteractionService,
  ];
  await first.start();
  await second.start();
  return { kit, logs, first, second };
}

describe('two instances on one activity store', () => {
  it('show each gift and each change of ranks to their watchers, whoever counts it', async () => {
    const { kit, logs, first, second } = await newPair();
    logs[0].assign(ALL);
    const taps = [watch(first), watch(second)];
    await kit.pass();
    await second.handlers.sendGift(kit.gift());
    for (let turn = 0; turn < 3; turn += 1) await kit.pass(LOOK_MS);
    expect(taps.map(coinsSeen)).toEqual([1n, 1n]);
    for (const tap of taps)
      expect(tap.seen.filter(({ event }) => event?.$case === 'rank')).toMatchObject([
        { event: { value: { top: [{ userId: VIEWER, score: 1n }] } } },
      ]);
    expect([first.stats().feed.counted, second.stats().feed.counted]).toEqual([1, 0]);
    await Promise.all([first.close(), second.close()]);
    expect(kit.clock.pendingTimers).toBe(0);
  });

  it('show a gift once that the log repeats', async () => {
    const { kit, first } = await newPair();
    const tap = watch(first);
    await kit.pass();
    await first.handlers.sendGift(kit.gift());
    await kit.pass(FLUSH_MS);
    const [decided] = kit.station.decided.values();
    if (decided === undefined) throw new Error('nothing was decided');
    const partition = kit.ports.shards.partitionOf(VIEWER);
    await kit.log.append([{ partition, value: { kind: 'event', decided } }]);
    await kit.pass(FLUSH_MS);
    expect(coinsSeen(tap)).toBe(1n);
  });

  it('announce what is counted seconds later, and look no more behind it', async () => {
    const { kit, logs, first } = await newPair();
    const tap = watch(first);
    await kit.pass();
    await first.handlers.sendGift(kit.gift());
    for (let turn = 0; turn < LOOKS_BEHIND_A_GIFT - 2; turn += 1) await kit.pass(LOOK_MS);
    expect(tap.seen.some(({ event }) => event?.$case === 'rank')).toBe(false);
    logs[1].assign(ALL);
    for (let turn = 0; turn < 3; turn += 1) await kit.pass(LOOK_MS);
    expect(tap.seen.some(({ event }) => event?.$case === 'rank')).toBe(true);
    const leaderboard = jest.spyOn(kit.activity, 'leaderboard');
    for (let turn = 0; turn < 10; turn += 1) await kit.pass(LOOK_MS);
    expect(leaderboard).not.toHaveBeenCalled();
  });

  it('count nothing twice that was counted by the other one meanwhile, when a partition comes back', async () => {
    const { kit, logs, first } = await newPair();
    for (const owner of [0, 1] as const) {
      logs[owner].assign(ALL);
      await kit.pass(RETRY_MS);
      const sent = first.handlers.sendGift(kit.gift());
      await kit.pass(RETRY_MS);
      await sent;
      logs[owner].assign([]);
    }
    logs[0].assign(ALL);
    await kit.pass(RETRY_MS);
    const partition = kit.ports.shards.partitionOf(VIEWER);
    for (const decided of kit.station.decided.values())
      await kit.log.append([{ partition, value: { kind: 'event', decided } }]);
    for (let turn = 0; turn < 3; turn += 1) await kit.pass(RETRY_MS);
    expect(await paid(kit)).toBe(2n);
  });

  it('go on without leaving the group when both have counted the same', async () => {
    const { kit, logs, first, second } = await newPair();
    logs[0].assign(ALL);
    logs[1].assign(ALL);
    // Deliveries all the time, so that there is always one to refuse.
    for (let gift = 0; gift < 100; gift += 1) {
      const sent = first.handlers.sendGift(kit.gift());
      await kit.pass(50);
      await sent;
    }
    const { conflicts, restarts } = [first, second]
      .map((service) => service.stats().feed)
      .reduce((a, b) => ({ ...a, conflicts: a.conflicts + b.conflicts, restarts: a.restarts + b.restarts }));
    expect(conflicts).toBeGreaterThan(0);
    expect(restarts).toBe(0);
    logs[0].assign([]);
    for (let turn = 0; turn < 5; turn += 1) await kit.pass(RETRY_MS);
    expect(await paid(kit)).toBe(100n);
  });
});

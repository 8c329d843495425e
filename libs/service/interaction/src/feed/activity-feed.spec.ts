import type { ActivityStore } from '@giftmesh/domain-gifts';
import type { DecidedEvent, LogEntry } from '@giftmesh/domain-money';
import { createInteractionService } from '../interaction-service';
import { coinsSeen, paid, watch } from '../test-kit/feed';
import { GARBLED, HOST, newKit, ROOM, VIEWER, type Kit } from '../test-kit/kit';

const FLUSH_MS = 200;

function append(kit: Kit, value: LogEntry): Promise<void> {
  return kit.log.append([{ partition: kit.ports.shards.partitionOf(VIEWER), value }]);
}

const lastDecided = (kit: Kit): DecidedEvent => [...kit.station.decided.values()].pop() as DecidedEvent;

/** The store as a process sees it that will be killed: from then on nothing reaches it. */
function killable(store: ActivityStore): { store: ActivityStore; kill: () => void } {
  let isDead = false;
  const record: ActivityStore['record'] = (batch) =>
    isDead ? Promise.reject(new Error('killed')) : store.record(batch);
  return {
    store: new Proxy(store, { get: (target, name) => (name === 'record' ? record : bound(target, name)) }),
    kill: () => (isDead = true),
  };
}

function bound(target: ActivityStore, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === 'function' ? value.bind(target) : value;
}

describe('ActivityFeed', () => {
  it('counts gifts into rankings and points, together with its positions', async () => {
    const kit = newKit();
    await kit.service.start();
    for (const count of [1, 2, 3]) await kit.service.handlers.sendGift(kit.gift({ count }));
    await kit.service.handlers.sendGift(kit.gift({ recipientIds: [HOST, HOST + 1n] }));
    await kit.pass(FLUSH_MS);
    expect(await paid(kit)).toBe(8n);
    expect(await kit.activity.points(ROOM, VIEWER)).toBe(8n);
    expect(await kit.activity.leaderboard({ roomId: ROOM, kind: 'streamers', day: undefined, limit: 9 })).toEqual([
      { userId: HOST, score: 7n },
      { userId: HOST + 1n, score: 1n },
    ]);
    const partition = kit.ports.shards.partitionOf(VIEWER);
    expect(await kit.activity.positions()).toEqual([{ partition, offset: 4 }]);
    expect(kit.service.stats().feed).toMatchObject({ counted: 4, batchesWritten: 1, scoresPending: 0 });
  });

  it('counts no refusals and nothing but gifts', async () => {
    const kit = newKit();
    await kit.service.start();
    const tap = watch(kit.service);
    await kit.service.handlers.sendGift(kit.gift());
    await expect(kit.service.handlers.sendGift(kit.gift({ viewerId: 9n }))).rejects.toMatchObject({ code: 9 });
    const gift = lastDecided(kit);
    await append(kit, {
      kind: 'event',
      decided: {
        ...gift,
        outcome: 'applied',
        seq: 7,
        event: { ...gift.event, eventType: 'withdrawal', toUserChanges: [] },
      },
    });
    await kit.pass(FLUSH_MS);
    expect(kit.service.stats().feed.counted).toBe(1);
    expect(coinsSeen(tap)).toBe(1n);
    expect(await paid(kit, 9n)).toBe(0n);
  });

  it('writes at most every 200 ms, however many gifts there are', async () => {
    const kit = newKit();
    await kit.service.start();
    for (let turn = 0; turn < 40; turn += 1) {
      await kit.service.handlers.sendGift(kit.gift());
      await kit.pass(25);
    }
    await kit.pass(FLUSH_MS);
    expect(await paid(kit)).toBe(40n);
    expect(kit.activity.recorded).toBeLessThanOrEqual(6);
  });

  it('counts nothing twice and forgets nothing when its process is killed at any moment', async () => {
    const kit = newKit();
    for (let round = 0; round < 20; round += 1) {
      const { store, kill } = killable(kit.activity);
      const service = createInteractionService({ ...kit.ports, activity: store });
      await service.start();
      for (let gift = 0; gift < 3; gift += 1) {
        await service.handlers.sendGift(kit.gift());
        await kit.pass(round * 13);
      }
      kill();
      service.drain();
    }
    await kit.another().start();
    await kit.pass(FLUSH_MS);
    expect(await paid(kit)).toBe(60n);
  });

  it('writes what is pending when it is closed', async () => {
    const kit = newKit();
    await kit.service.start();
    await kit.service.handlers.sendGift(kit.gift({ count: 4 }));
    await kit.pass();
    expect(await paid(kit)).toBe(0n);
    await kit.service.close();
    expect(await paid(kit)).toBe(4n);
    expect(kit.clock.pendingTimers).toBe(0);
  });

  it('shows what comes, not what had happened before it was started', async () => {
    const kit = newKit();
    await kit.service.handlers.sendGift(kit.gift({ count: 7 }));
    const tap = watch(kit.service);
    await kit.service.start();
    await kit.service.handlers.sendGift(kit.gift({ count: 2 }));
    await kit.pass(FLUSH_MS);
    expect(coinsSeen(tap)).toBe(2n);
    expect(await paid(kit)).toBe(9n);
  });

  it('shows the running count that the sender was told', async () => {
    const kit = newKit();
    await kit.service.start();
    const tap = watch(kit.service);
    const answers: number[] = [];
    for (const count of [2, 3, 4]) {
      answers.push((await kit.service.handlers.sendGift(kit.gift({ count, comboKey: 'c' }))).comboCount);
      await kit.pass(100);
    }
    const shown = tap.seen.map(({ event }) => (event?.$case === 'gift' ? event.value.comboCount : -1));
    expect(answers).toEqual([2, 5, 9]);
    expect(shown.filter((count) => count >= 0)).toEqual(answers);
  });

  it('counts and shows an event once that the log has several times, also over a restart', async () => {
    const kit = newKit();
    await kit.service.start();
    const tap = watch(kit.service);
    for (let gift = 0; gift < 3; gift += 1) await kit.service.handlers.sendGift(kit.gift());
    const all = [...kit.station.decided.values()];
    for (const decided of [...all, ...all].reverse()) await append(kit, { kind: 'event', decided });
    await kit.pass(FLUSH_MS);
    expect(coinsSeen(tap)).toBe(3n);
    expect(kit.service.stats().feed).toMatchObject({ counted: 3, repeated: 6 });
    await kit.service.close();
    const after = kit.another();
    await after.start();
    for (const decided of all) await append(kit, { kind: 'event', decided });
    await kit.pass(FLUSH_MS);
    expect(await paid(kit)).toBe(3n);
    expect(after.stats().feed).toMatchObject({ counted: 0, repeated: 3 });
  });

  it('knows repeated events of accounts that it keeps in memory no more', async () => {
    const kit = newKit({ accountsMax: 1 });
    await kit.service.start();
    for (const viewerId of [601n, 602n, 603n]) {
      kit.station.balances.set(viewerId, 5n);
      await kit.service.handlers.sendGift(kit.gift({ viewerId }));
      await kit.pass(FLUSH_MS);
    }
    for (const decided of kit.station.decided.values()) await append(kit, { kind: 'event', decided });
    await kit.pass(FLUSH_MS);
    expect(kit.service.stats().feed).toMatchObject({ counted: 3, repeated: 3 });
  });

  it('passes over records that can not be decoded, and counts them', async () => {
    const kit = newKit();
    await kit.service.start();
    await append(kit, GARBLED);
    await kit.service.handlers.sendGift(kit.gift());
    await kit.pass(FLUSH_MS);
    expect(kit.service.stats().feed).toMatchObject({ counted: 1, undecodable: 1 });
    expect(await kit.activity.positions()).toContainEqual(expect.objectContaining({ offset: 2 }));
  });

  it('passes over events of an older generation behind their fence', async () => {
    const kit = newKit();
    await kit.service.start();
    await kit.service.handlers.sendGift(kit.gift());
    const decided = lastDecided(kit);
    await append(kit, { kind: 'fence', fence: { shards: kit.ports.shards.allShards(), generation: 2 } });
    await append(kit, { kind: 'event', decided: { ...decided, seq: 2, generation: 1 } });
    await append(kit, { kind: 'event', decided: { ...decided, seq: 2, generation: 2 } });
    await kit.pass(FLUSH_MS);
    expect(kit.service.stats().feed).toMatchObject({ counted: 2, fenced: 1, repeated: 0 });
  });

  it('passes over them also when somebody else has read the fence', async () => {
    const kit = newKit();
    await kit.service.start();
    await kit.service.handlers.sendGift(kit.gift());
    const decided = lastDecided(kit);
    await kit.pass(FLUSH_MS);
    await kit.service.close();
    await append(kit, { kind: 'fence', fence: { shards: kit.ports.shards.allShards(), generation: 2 } });
    const partition = kit.ports.shards.partitionOf(decided.event.opUserId);
    const [{ offset: to } = { offset: 0 }] = (await kit.log.endPositions()).filter(
      (end) => end.partition === partition,
    );
    await kit.activity.record({ moves: [{ partition, from: to - 1, to }], scores: [], seen: [] });
    const heir = kit.another();
    await heir.start();
    await append(kit, { kind: 'event', decided: { ...decided, seq: 2, generation: 1 } });
    await append(kit, { kind: 'event', decided: { ...decided, seq: 2, generation: 2 } });
    await kit.pass(FLUSH_MS);
    expect(heir.stats().feed).toMatchObject({ counted: 1, fenced: 1, repeated: 0 });
    await heir.close();
  });

  it('announces the first places when they change, as the ranking has them', async () => {
    const kit = newKit();
    await kit.service.start();
    await kit.service.handlers.sendGift(kit.gift({ count: 5 }));
    await kit.pass(FLUSH_MS);
    const tap = watch(kit.service);
    await kit.pass();
    await kit.service.handlers.sendGift(kit.gift());
    await kit.pass(FLUSH_MS);
    expect(tap.seen.map(({ event }) => event?.$case)).toEqual(['gift']);
    kit.station.balances.set(77n, 100n);
    await kit.service.handlers.sendGift(kit.gift({ viewerId: 77n, count: 50 }));
    await kit.pass(FLUSH_MS);
    expect(tap.seen[2]?.event).toEqual({
      $case: 'rank',
      value: {
        top: [
          { rank: 1, userId: 77n, score: 50n },
          { rank: 2, userId: VIEWER, score: 6n },
        ],
      },
    });
  });
});

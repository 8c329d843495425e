import { coinsSeen, paid, watch } from '../test-kit/feed';
import { newKit, VIEWER, type Kit } from '../test-kit/kit';

const FLUSH_MS = 200;
const RETRY_MS = 500;

describe('ActivityFeed, when the store fails,', () => {
  const failing = (kit: Kit): (() => void) => {
    const record = kit.activity.record.bind(kit.activity);
    kit.activity.record = () => Promise.reject(new Error('disk full'));
    return () => (kit.activity.record = record);
  };

  it('goes on showing and paying, and writes everything later', async () => {
    const kit = newKit();
    await kit.service.start();
    const tap = watch(kit.service);
    const heal = failing(kit);
    for (let gift = 0; gift < 5; gift += 1) {
      await kit.service.handlers.sendGift(kit.gift());
      await kit.pass(FLUSH_MS);
    }
    expect(coinsSeen(tap)).toBe(5n);
    expect(kit.service.stats().feed.writeFailures).toBeGreaterThan(0);
    heal();
    await kit.pass(RETRY_MS);
    await kit.pass(FLUSH_MS);
    expect(await paid(kit)).toBe(5n);
  });

  it('reads no further than its limit, and pays on', async () => {
    const kit = newKit({ scoresPendingMax: 6, recordsMax: 1 });
    await kit.service.start();
    const heal = failing(kit);
    for (let viewerId = 700n; viewerId < 720n; viewerId += 1n) {
      kit.station.balances.set(viewerId, 1n);
      await kit.service.handlers.sendGift(kit.gift({ viewerId }));
      await kit.pass(FLUSH_MS);
    }
    expect(kit.service.stats().gifts.applied).toBe(20);
    expect(kit.service.stats().feed.scoresPending).toBeLessThanOrEqual(9);
    heal();
    for (let turn = 0; turn < 30; turn += 1) await kit.pass(RETRY_MS);
    expect(kit.service.stats().feed.counted).toBe(20);
    expect(await paid(kit, 719n)).toBe(1n);
  });

  it.each([1, 100])('closes in spite of it, with room for %i scores', async (scoresPendingMax) => {
    const kit = newKit({ scoresPendingMax });
    await kit.service.start();
    failing(kit);
    await kit.service.handlers.sendGift(kit.gift());
    await kit.pass();
    await kit.service.close();
    expect(await paid(kit)).toBe(0n);
    expect(kit.clock.pendingTimers).toBe(0);
  });
});

describe('ActivityFeed', () => {
  it('counts nothing twice beside another instance on the same store', async () => {
    const kit = newKit();
    const other = kit.another();
    await kit.service.start();
    await other.start();
    for (let gift = 0; gift < 10; gift += 1) {
      await kit.service.handlers.sendGift(kit.gift());
      await kit.pass(150);
    }
    for (let turn = 0; turn < 10; turn += 1) await kit.pass(RETRY_MS);
    expect(await paid(kit)).toBe(10n);
    const taps = [watch(kit.service), watch(other)];
    await kit.service.handlers.sendGift(kit.gift());
    await kit.pass(3 * RETRY_MS);
    expect(taps.map(coinsSeen)).toEqual([1n, 1n]);
    expect(await paid(kit)).toBe(11n);
  });

  it('goes on where the log begins when it was away for too long, and says what was lost', async () => {
    const kit = newKit();
    for (let gift = 0; gift < 5; gift += 1) await kit.service.handlers.sendGift(kit.gift());
    await kit.log.release({ partition: kit.ports.shards.partitionOf(VIEWER), offset: 3 });
    await kit.service.start();
    for (let turn = 0; turn < 12; turn += 1) await kit.pass(RETRY_MS);
    expect(await paid(kit)).toBe(2n);
    expect(kit.service.stats().feed).toMatchObject({ lost: 3, counted: 2 });
    await kit.service.handlers.sendGift(kit.gift());
    await kit.pass(FLUSH_MS);
    expect(await paid(kit)).toBe(3n);
  });
});

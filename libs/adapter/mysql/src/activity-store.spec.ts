import { ActivityPositionError, type ActivityBatch, type ActivityStore } from '@giftmesh/domain-gifts';
import { activityStoreContract } from '@giftmesh/domain-gifts/testing';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { MysqlActivityStore, type MysqlActivityStoreOptions } from './activity-store';
import { ROWS_PER_STATEMENT } from './activity-statements';
import { ACTIVITY_TABLES_V1 } from './activity-tables';
import { freshDatabase, testServer, type TestDatabase, type TestServer } from './mysql-test-kit';

jest.setTimeout(60_000);

const DAY = 20_000;
const ROOM = 1n;
let server: TestServer;
let database: TestDatabase;
let opened: MysqlActivityStore[] = [];
beforeAll(async () => {
  server = await testServer();
  database = await freshDatabase(server.url);
});
afterAll(async () => {
  await database.drop();
  await server.kill();
});
afterEach(async () => {
  await Promise.all(opened.map((store) => store.close()));
  opened = [];
});

async function open(more: Partial<MysqlActivityStoreOptions> = {}): Promise<MysqlActivityStore> {
  const store = await MysqlActivityStore.open({ url: database.url, clock: new SimulatedClock(), ...more });
  opened.push(store);
  return store;
}

async function openEmpty(more: Partial<MysqlActivityStoreOptions> = {}): Promise<MysqlActivityStore> {
  const store = await open(more);
  for (const { name } of ACTIVITY_TABLES_V1) await database.sql.query(`DELETE FROM ${name}`);
  return store;
}

activityStoreContract('MysqlActivityStore', openEmpty);

const batchOf = (from: number, to: number, users: readonly bigint[], partition = 0, day = DAY): ActivityBatch => ({
  moves: [{ partition, from, to }],
  scores: users.map((userId) => ({ roomId: ROOM, day, userId, paid: 1n, got: 2n, points: 3n })),
  seen: [],
});
const viewers = (store: ActivityStore, day?: number) =>
  store.leaderboard({ roomId: ROOM, kind: 'viewers', day, limit: 100 });
const counted = async (store: ActivityStore): Promise<bigint> =>
  (await viewers(store)).reduce((sum, { score }) => sum + score, 0n);

describe('MysqlActivityStore shared by several processes', () => {
  it('counts a stretch of the log once, whoever counts it, and shows all of them the same', async () => {
    const first = await openEmpty();
    const stores = [first, await open(), await open()];
    for (let offset = 0; offset < 20; offset += 1) {
      const done = await Promise.allSettled(stores.map((store) => store.record(batchOf(offset, offset + 1, [7n, 8n]))));
      expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const one of done) if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(ActivityPositionError);
    }
    for (const store of stores)
      expect(await viewers(store)).toEqual([
        { userId: 7n, score: 20n },
        { userId: 8n, score: 20n },
      ]);
  });

  it('lets partitions be counted at the same time, though their gifts go to the same streamers', async () => {
    const stores = [await openEmpty(), await open(), await open(), await open()];
    const users = Array.from({ length: 50 }, (_, index) => BigInt(index + 1));
    await Promise.all(
      stores.map(async (store, partition) => {
        // Each in an order of its own: rows locked crosswise would be deadlocks.
        const own = partition % 2 === 0 ? users : [...users].reverse();
        for (let offset = 0; offset < 25; offset += 1) await store.record(batchOf(offset, offset + 1, own, partition));
      }),
    );
    expect(await counted(stores[0] as ActivityStore)).toBe(4n * 25n * 50n);
  });

  it('gives points for an entrance once, wherever the viewer enters', async () => {
    const stores = [await openEmpty(), await open()];
    const firsts = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (stores[index % 2] as ActivityStore).enter(ROOM, 6n, DAY, 10n)),
    );
    expect(firsts.filter(Boolean)).toHaveLength(1);
    for (const store of stores) expect(await store.points(ROOM, 6n)).toBe(10n);
  });
});

describe('MysqlActivityStore', () => {
  it('drops rankings and entrances of old days, keeps the total, and any number of rows', async () => {
    const store = await openEmpty({ daysKept: 2 });
    const many = Array.from({ length: ROWS_PER_STATEMENT + 1 }, (_, index) => BigInt(index + 1));
    await store.record(batchOf(0, 1, many));
    await store.enter(ROOM, 7n, DAY, 10n);
    await store.record(batchOf(1, 2, [7n], 0, DAY + 1));
    expect(await viewers(store, DAY)).toHaveLength(100);
    await store.record(batchOf(2, 3, [7n], 0, DAY + 2));
    // Closing waits for what is being dropped; it does not begin anew.
    for (let tries = 0; tries < 200 && (await viewers(store, DAY)).length > 0; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await viewers(store, DAY)).toEqual([]);
    expect(await viewers(store, DAY + 1)).toHaveLength(1);
    expect((await viewers(store))[0]).toEqual({ userId: 7n, score: 3n });
    expect(await store.points(ROOM, 7n)).toBe(3n * 3n + 10n);
    for (let tries = 0; tries < 200; tries += 1) {
      if ((await database.query('SELECT day FROM activity_entrance')).length === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await store.enter(ROOM, 7n, DAY, 10n)).toBe(true);
  });

  it('reads first places from an index, however many viewers a room has', async () => {
    const store = await openEmpty();
    const many = Array.from({ length: 3_000 }, (_, index) => BigInt(index + 1));
    await store.record(batchOf(0, 1, many));
    await database.query('ANALYZE TABLE activity_score');
    for (const score of ['paid', 'got', 'points']) {
      const plan = await database.query(
        `EXPLAIN SELECT user_id, ${score} FROM activity_score WHERE day = -1 AND room_id = 1 AND ${score} > 0
         ORDER BY ${score} DESC, user_id LIMIT 10`,
      );
      // Servers tell their plans as columns or as a text.
      const told = JSON.stringify(plan);
      expect(told).toContain(`by_${score}`);
      expect(told).not.toMatch(/filesort|Sort: /);
    }
  });

  it('shares a database with a ledger, and neither needs the other’s tables', async () => {
    await openEmpty();
    const ledger = await database.open({ allowUnsafeServer: true });
    expect(await ledger.positions()).toEqual([]);
    await (await open({ migrate: 'check' })).record(batchOf(0, 1, [7n]));
    expect(await ledger.positions()).toEqual([]);
    const other = await freshDatabase(server.url);
    await expect(open({ url: other.url, migrate: 'check' })).rejects.toMatchObject({ problem: 'schema_too_old' });
    await open({ url: other.url });
    const tables = await other.query('SHOW TABLES');
    expect(tables).toHaveLength(ACTIVITY_TABLES_V1.length + 1);
    await other.drop();
  });

  it('refuses options that make no sense', async () => {
    await expect(open({ daysKept: 0 })).rejects.toThrow('daysKept must be an integer, 1 to 10000, got 0');
    await expect(open({ connectionsMax: 0 })).rejects.toThrow('connectionsMax must be');
  });

  it('rejects what can not be written whole, and goes on', async () => {
    const store = await openEmpty();
    const tooLarge = { roomId: ROOM, day: DAY, userId: 2n ** 64n, paid: 1n, got: 0n, points: 0n };
    await expect(store.record({ ...batchOf(0, 1, [7n]), scores: [tooLarge] })).rejects.toThrow('Out of range');
    expect(await store.positions()).toEqual([]);
    await store.record(batchOf(0, 1, [7n]));
    expect(await store.positions()).toEqual([{ partition: 0, offset: 1 }]);
  });
});

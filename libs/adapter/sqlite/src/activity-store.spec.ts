import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { activityStoreContract } from '@giftmesh/domain-gifts/testing';
import type { ActivityBatch } from '@giftmesh/domain-gifts';
import { SqliteActivityStore } from './activity-store';
import { openDatabase } from './database';

const DAY = 20_000;
let folder: string;
let files = 0;
const newPath = (): string => join(folder, `activity-${(files += 1)}.db`);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'activity-store-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

activityStoreContract('SqliteActivityStore', async () => new SqliteActivityStore(newPath(), { rowsPerTurnMax: 2 }));
activityStoreContract(
  'SqliteActivityStore with few boards',
  async () => new SqliteActivityStore(newPath(), { boardsMax: 2 }),
);

const batchOf = (from: number, to: number, days: readonly number[], userId = 7n): ActivityBatch => ({
  moves: [{ partition: 0, from, to }],
  scores: days.map((day) => ({ roomId: 1n, day, userId, paid: 1n, got: 0n, points: 0n })),
  seen: [{ userId, assetType: 'coin', runs: [[1, to]] }],
});

describe('SqliteActivityStore', () => {
  it('has everything after it was opened again', async () => {
    const path = newPath();
    const before = new SqliteActivityStore(path);
    await before.record(batchOf(0, 3, [DAY]));
    await before.enter(1n, 7n, DAY, 10n);
    await before.close();
    const after = new SqliteActivityStore(path);
    expect(await after.positions()).toEqual([{ partition: 0, offset: 3 }]);
    expect(await after.leaderboard({ roomId: 1n, kind: 'viewers', day: DAY, limit: 9 })).toEqual([
      { userId: 7n, score: 1n },
    ]);
    expect(await after.seen([{ userId: 7n, assetType: 'coin' }])).toEqual([
      { userId: 7n, assetType: 'coin', runs: [[1, 3]] },
    ]);
    expect(await after.enter(1n, 7n, DAY, 10n)).toBe(false);
    await after.close();
  });

  it('drops rankings and entrances of old days, and keeps the total', async () => {
    const store = new SqliteActivityStore(newPath(), { daysKept: 2 });
    await store.record(batchOf(0, 1, [DAY]));
    await store.enter(1n, 7n, DAY, 10n);
    await store.record(batchOf(1, 2, [DAY + 1]));
    const scoreOn = async (day: number | undefined): Promise<bigint | undefined> =>
      (await store.leaderboard({ roomId: 1n, kind: 'viewers', day, limit: 1 }))[0]?.score;
    expect([await scoreOn(DAY), await scoreOn(DAY + 1)]).toEqual([1n, 1n]);
    await store.record(batchOf(2, 3, [DAY + 2]));
    expect([await scoreOn(DAY), await scoreOn(DAY + 1), await scoreOn(undefined)]).toEqual([undefined, 1n, 3n]);
    expect(await store.points(1n, 7n)).toBe(10n);
    await store.close();
  });

  it('shows readers a batch whole or not at all, and writes others behind it', async () => {
    const store = new SqliteActivityStore(newPath(), { rowsPerTurnMax: 1 });
    const scores = [1n, 2n, 3n, 4n].flatMap((userId) => batchOf(0, 1, [DAY], userId).scores);
    let isDone = false;
    const recording = store.record({ ...batchOf(0, 1, []), scores }).then(() => (isDone = true));
    const entering = store.enter(1n, 9n, DAY, 10n);
    while (!isDone) {
      const places = await store.leaderboard({ roomId: 1n, kind: 'viewers', day: DAY, limit: 9 });
      expect(places).toHaveLength(isDone ? 4 : 0);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await recording;
    expect(await entering).toBe(true);
    expect(await store.leaderboard({ roomId: 1n, kind: 'viewers', day: DAY, limit: 9 })).toHaveLength(4);
    await store.close();
  });

  it('takes back a batch that fails half-way', async () => {
    const store = new SqliteActivityStore(newPath(), { rowsPerTurnMax: 1 });
    const tooLarge = { roomId: 1n, day: DAY, userId: 2n ** 64n, paid: 1n, got: 0n, points: 0n };
    const { scores } = batchOf(0, 1, [DAY]);
    await expect(store.record({ ...batchOf(0, 1, []), scores: [...scores, tooLarge] })).rejects.toThrow('too big');
    expect(await store.positions()).toEqual([]);
    expect(await store.leaderboard({ roomId: 1n, kind: 'viewers', day: DAY, limit: 9 })).toEqual([]);
    await store.record(batchOf(0, 1, [DAY]));
    expect(await store.positions()).toEqual([{ partition: 0, offset: 1 }]);
    await store.close();
  });

  it('refuses a file that is not its own', () => {
    const path = newPath();
    openDatabase(path, { applicationId: 77, schemaVersion: 1, migrate: () => undefined, durability: 'none' }).close();
    expect(() => new SqliteActivityStore(path)).toThrow('belongs to another program');
  });

  it('refuses options that make no sense', () => {
    expect(() => new SqliteActivityStore(newPath(), { boardsMax: 0 })).toThrow('boardsMax must be');
    expect(() => new SqliteActivityStore(newPath(), { daysKept: 0 })).toThrow('daysKept must be');
    expect(() => new SqliteActivityStore(newPath(), { rowsPerTurnMax: 0.5 })).toThrow('is 0.5');
  });
});

import BetterSqlite3 from 'better-sqlite3';
import type { LogRecord } from '@giftmesh/domain-money';
import type { SqliteEventLog } from './event-log';
import { DROP_BATCHES_MAX, DROP_PAUSE_MS, DROP_STEP_MS } from './event-log-retention';
import { LogFolder } from './event-log-test-kit';

describe("SqliteEventLog's retention", () => {
  let folder: LogFolder;
  beforeEach(() => void (folder = new LogFolder()));
  afterEach(() => folder.dispose());

  const append = (log: SqliteEventLog<string>, partition: number, ...values: string[]): Promise<void> =>
    log.append(values.map((value) => ({ partition, value })));
  const textsOf = (records: readonly LogRecord<string>[]): (string | undefined)[] =>
    records.map(({ content }) => (content.ok ? content.value : undefined));
  const rows = (): number => {
    const db = new BetterSqlite3(folder.path, { readonly: true });
    try {
      return db.prepare('SELECT count(*) FROM batch').pluck().get() as number;
    } finally {
      db.close();
    }
  };

  it('drops what is released and old, and nothing else', async () => {
    const log = folder.open({ retentionMs: 10_000 });
    await append(log, 0, 'a', 'b');
    await append(log, 0, 'c');
    await append(log, 1, 'x');
    await folder.advance(5_000);
    await append(log, 0, 'd');
    await append(log, 0, 'e');
    await log.release({ partition: 0, offset: 4 });
    await folder.advance(4_999);
    expect(rows()).toBe(5);
    await folder.advance(3_000);
    expect(rows()).toBe(3);
    await expect(log.read({ partition: 0, offset: 2 }, 1)).rejects.toMatchObject({ startOffset: 3, endOffset: 5 });
    expect(textsOf(await log.read({ partition: 0, offset: 3 }, 9))).toEqual(['d', 'e']);
    await folder.advance(10_000);
    expect(textsOf(await log.read({ partition: 0, offset: 4 }, 9))).toEqual(['e']);
    expect(textsOf(await log.read({ partition: 1, offset: 0 }, 9))).toEqual(['x']);
    expect(folder.clock.pendingTimers).toBe(0);
  });

  it('keeps batches of which one record is not released', async () => {
    const log = folder.open({ retentionMs: 0 });
    await append(log, 0, 'a', 'b');
    await append(log, 0, 'c');
    await log.release({ partition: 0, offset: 1 });
    await folder.advance(DROP_PAUSE_MS * 3);
    expect(textsOf(await log.read({ partition: 0, offset: 0 }, 9))).toEqual(['a', 'b', 'c']);
  });

  it('goes in small steps', async () => {
    const log = folder.open({ retentionMs: 0 });
    const count = DROP_BATCHES_MAX * 2 + 10;
    for (let index = 0; index < count; index += 1) await append(log, index % 2, `${index}`);
    await log.release({ partition: 0, offset: count });
    await log.release({ partition: 1, offset: count });
    await folder.advance(DROP_PAUSE_MS);
    expect(rows()).toBe(count - DROP_BATCHES_MAX);
    await folder.advance(DROP_STEP_MS);
    expect(rows()).toBe(count - 2 * DROP_BATCHES_MAX);
    await folder.advance(DROP_STEP_MS);
    expect(rows()).toBe(2);
  });

  it('takes nothing back: a lower release changes nothing', async () => {
    const log = folder.open({ retentionMs: 0 });
    for (const text of ['a', 'b', 'c']) await append(log, 0, text);
    await log.release({ partition: 0, offset: 2 });
    await log.release({ partition: 0, offset: 1 });
    await folder.advance(DROP_PAUSE_MS);
    expect(rows()).toBe(1);
    await expect(log.release({ partition: 9, offset: 1 })).rejects.toThrow('no partition 9');
  });
});

import { writeFileSync } from 'node:fs';
import BetterSqlite3 from 'better-sqlite3';
import type { LogRecord } from '@giftmesh/domain-money';
import { DataFileError } from './data-file-error';
import { openDatabase } from './database';
import type { SqliteEventLog } from './event-log';
import { VALUE_BYTES_MAX } from './event-log-batch';
import { DROP_PAUSE_MS } from './event-log-retention';
import { LogFolder, textCodec } from './event-log-test-kit';

describe("SqliteEventLog's file", () => {
  let folder: LogFolder;
  beforeEach(() => void (folder = new LogFolder()));
  afterEach(() => folder.dispose());

  const append = (log: SqliteEventLog<string>, partition: number, ...values: string[]): Promise<void> =>
    log.append(values.map((value) => ({ partition, value })));
  const textsOf = (records: readonly LogRecord<string>[]): (string | undefined)[] =>
    records.map(({ content }) => (content.ok ? content.value : undefined));
  /** Looks at, or changes, the file behind the log's back. */
  const sql = <R>(work: (db: BetterSqlite3.Database) => R): R => {
    const db = new BetterSqlite3(folder.path);
    try {
      return work(db);
    } finally {
      db.close();
    }
  };
  const rows = (): number => sql((db) => db.prepare('SELECT count(*) FROM batch').pluck().get() as number);
  const dataError = (problem: string): unknown => expect.objectContaining({ name: 'DataFileError', problem });

  describe('opening', () => {
    it('refuses another number of partitions, and leaves the file as it is', async () => {
      const log = folder.open();
      await append(log, 2, 'a');
      await log.close();
      expect(() => folder.open({ partitionCount: 4 })).toThrow('has 3 partitions, and 4 are configured');
      expect(() => folder.open({ partitionCount: 2 })).toThrow(dataError('foreign') as Error);
      expect(textsOf(await folder.open().read({ partition: 2, offset: 0 }, 9))).toEqual(['a']);
    });

    it('refuses files that are none of its own', () => {
      writeFileSync(folder.path, 'dear diary'.repeat(100));
      expect(() => folder.open()).toThrow(dataError('corrupt') as Error);
      writeFileSync(folder.path, '');
      openDatabase(folder.path, {
        applicationId: 77,
        schemaVersion: 1,
        migrate: (db) => void db.exec('CREATE TABLE theirs (id INTEGER)'),
        durability: 'none',
      }).close();
      expect(() => folder.open()).toThrow(dataError('foreign') as Error);
    });

    it.each([
      ['partitionCount', 0],
      ['partitionCount', 4_097],
      ['pollMs', 0],
      ['tailMax', -1],
      ['retentionMs', 0.5],
      ['queueBytesMax', 0],
      ['fileBytesMax', 1_000],
    ] as const)('refuses %s of %p', (name, value) => {
      expect(() => folder.open({ [name]: value })).toThrow(`${name} must be an integer`);
      expect(() => folder.open({ [name]: value })).toThrow(`is ${value}`);
    });
  });

  describe('appending', () => {
    it('writes one row an append and partition', async () => {
      const log = folder.open();
      const texts = Array.from({ length: 64 }, (_, index) => `${index}`);
      await append(log, 1, ...texts);
      expect(rows()).toBe(1);
      await log.append(texts.map((value, index) => ({ partition: index % 3, value })));
      expect(rows()).toBe(4);
    });

    it('puts appends that queue into one commit', async () => {
      const log = folder.open();
      await Promise.all(Array.from({ length: 100 }, (_, index) => append(log, index % 3, `${index}`)));
      expect(rows()).toBe(3);
    });

    it('splits long appends into rows that stay readable', async () => {
      const log = folder.open();
      const texts = Array.from({ length: 2_500 }, (_, index) => `${index}`);
      await append(log, 0, ...texts);
      expect(rows()).toBe(3);
      expect(textsOf(await log.read({ partition: 0, offset: 1_000 }, 100))).toEqual(texts.slice(1_000, 1_100));
      expect(textsOf(await log.read({ partition: 0, offset: 0 }, 9_999))).toEqual(texts);
    });

    it('continues behind what other instances have written', async () => {
      const [one, two] = [folder.open(), folder.open()];
      for (let round = 0; round < 10; round += 1) {
        await append(one, 0, `one ${round}`);
        await append(two, 0, `two ${round}`, `two ${round} more`);
      }
      const texts = textsOf(await one.read({ partition: 0, offset: 0 }, 100));
      expect(texts).toEqual(
        Array.from({ length: 10 }, (_, round) => [`one ${round}`, `two ${round}`, `two ${round} more`]).flat(),
      );
      expect(await two.endPositions()).toEqual(await one.endPositions());
    });

    it('refuses more than may wait', async () => {
      const log = folder.open({ queueBytesMax: 10 });
      const first = append(log, 0, 'x'.repeat(50));
      await expect(append(log, 0, 'y')).rejects.toMatchObject({ reason: 'EVENT_LOG_QUEUE_FULL' });
      await first;
      await append(log, 0, 'z');
      expect(textsOf(await log.read({ partition: 0, offset: 1 }, 9))).toEqual(['z']);
    });

    it('refuses values that are too long, and writes nothing of their append', async () => {
      const log = folder.open();
      const long = 'x'.repeat(VALUE_BYTES_MAX);
      await append(log, 0, long);
      await expect(append(log, 0, 'short', `${long}x`)).rejects.toThrow(`has ${VALUE_BYTES_MAX + 1} bytes`);
      expect((await log.endPositions())[0]?.offset).toBe(1);
    });

    it('refuses all of an append when a value cannot be encoded', async () => {
      const codec = {
        ...textCodec,
        encode: (value: string) => {
          if (value === 'bad') throw new Error('not encodable');
          return textCodec.encode(value);
        },
      };
      const log = folder.open({ codec });
      await expect(append(log, 0, 'good', 'bad')).rejects.toThrow('not encodable');
      expect((await log.endPositions())[0]?.offset).toBe(0);
    });
  });

  describe('a damaged file', () => {
    const appendThree = async (log: SqliteEventLog<string>): Promise<void> => {
      await append(log, 0, 'a', 'b');
      await append(log, 0, 'c', 'd');
      await append(log, 0, 'e');
    };

    it('gives the records of a changed payload as bytes, and the others as they are', async () => {
      const log = folder.open();
      await appendThree(log);
      sql((db) => {
        const payload = db.prepare('SELECT payload FROM batch WHERE key = 2').pluck().get() as Buffer;
        db.prepare('UPDATE batch SET payload = ? WHERE key = 2').run(payload.map((byte) => (byte === 99 ? 67 : byte)));
      });
      const records = await folder.open().read({ partition: 0, offset: 0 }, 9);
      expect(textsOf(records)).toEqual(['a', 'b', undefined, undefined, 'e']);
      expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4]);
      expect(records[2]?.content).toMatchObject({ ok: false, problem: expect.stringContaining('checksum') as string });
    });

    it('gives what is no payload at all as damaged', async () => {
      await appendThree(folder.open());
      for (const nonsense of ["'text'", "''", '17']) {
        sql((db) => db.prepare(`UPDATE batch SET payload = ${nonsense} WHERE key = 2`).run());
        const records = await folder.open().read({ partition: 0, offset: 0 }, 9);
        expect(textsOf(records)).toEqual(['a', 'b', undefined, undefined, 'e']);
      }
    });

    it('gives every record of a torn payload at its place', async () => {
      const log = folder.open();
      await appendThree(log);
      sql((db) => db.prepare('UPDATE batch SET payload = substr(payload, 1, 7) WHERE key = 2').run());
      const fresh = folder.open();
      for (const recordsMax of [1, 2, 9]) {
        const records: LogRecord<string>[] = [];
        for (let offset = 0; offset < 5; offset = records.length)
          records.push(...(await fresh.read({ partition: 0, offset }, recordsMax)));
        expect(textsOf(records)).toEqual(['a', 'b', undefined, undefined, 'e']);
      }
    });

    it('halts at records that are missing', async () => {
      const log = folder.open();
      await appendThree(log);
      sql((db) => db.prepare('DELETE FROM batch WHERE key = 2').run());
      const fresh = folder.open();
      await expect(fresh.read({ partition: 0, offset: 2 }, 9)).rejects.toThrow('record 2 of partition 0 is missing');
      let halted: Error | undefined;
      const seen: unknown[] = [];
      fresh.subscribe({
        startAt: async () => [],
        onRecords: async (records) => void seen.push(...textsOf(records)),
        onHalt: (error) => (halted = error),
        recordsMax: 2,
        retryDelayMs: 1,
      });
      await folder.until('it halts', () => halted !== undefined);
      expect(halted).toBeInstanceOf(DataFileError);
      expect(seen).toEqual(['a', 'b']);
    });
  });

  describe('a full disk', () => {
    it('rejects appends clearly, is unhealthy until one succeeds, and keeps what it acknowledged', async () => {
      const log = folder.open({ fileBytesMax: 1024 ** 2, retentionMs: 0 });
      const acknowledged: string[] = [];
      let error: unknown;
      for (let index = 0; index < 100 && error === undefined; index += 1) {
        const text = `${index} ${'x'.repeat(50_000)}`;
        await append(log, 0, text).then(
          () => void acknowledged.push(text),
          (caught: unknown) => void (error = caught),
        );
      }
      expect(error).toMatchObject({ name: 'DataFileError', problem: 'not_writable', path: folder.path });
      expect((error as Error).message).toContain('full');
      expect(log.healthy()).toBe(false);
      expect(textsOf(await log.read({ partition: 0, offset: 0 }, 1_000))).toEqual(acknowledged);

      await log.release({ partition: 0, offset: acknowledged.length - 1 });
      await folder.advance(DROP_PAUSE_MS);
      await append(log, 0, 'there is room again');
      expect(log.healthy()).toBe(true);
      expect(textsOf(await log.read({ partition: 0, offset: acknowledged.length }, 9))).toEqual([
        'there is room again',
      ]);
    });
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LogRecord } from '@giftmesh/domain-money';
import { openDatabase } from './database';
import type { SqliteEventLog } from './event-log';
import { LogFolder, sourceThread, textCodec } from './event-log-test-kit';
import { SqliteEventLogView } from './event-log-view';
import { folderState, writtenState } from './folder-state-test-kit';

const textsOf = (records: readonly LogRecord<string>[]): (string | undefined)[] =>
  records.map(({ content }) => (content.ok ? content.value : undefined));

describe('SqliteEventLogView', () => {
  let folder: LogFolder;
  let views: SqliteEventLogView<string>[];
  beforeEach(() => {
    folder = new LogFolder();
    views = [];
  });
  afterEach(async () => {
    for (const view of views) await view.close();
    await folder.dispose();
  });

  const open = (partitionCount = 3): SqliteEventLogView<string> => {
    const view = new SqliteEventLogView({ path: folder.path, codec: textCodec, partitionCount });
    views.push(view);
    return view;
  };
  const append = (log: SqliteEventLog<string>, partition: number, ...values: string[]): Promise<void> =>
    log.append(values.map((value) => ({ partition, value })));
  const expectRefused = (problem: string, partitionCount?: number): void => {
    const before = folderState(dirname(folder.path));
    expect(() => open(partitionCount)).toThrow(
      expect.objectContaining({ name: 'DataFileError', problem, path: folder.path }),
    );
    expect(folderState(dirname(folder.path))).toEqual(before);
  };

  it('reads a log at rest as the log itself does, and changes nothing in its folder', async () => {
    const log = folder.open();
    await append(log, 0, 'a', 'b');
    await append(log, 2, 'c');
    const [ends, records] = [await log.endPositions(), await log.read({ partition: 0, offset: 1 }, 9)];
    await log.close();
    const before = folderState(dirname(folder.path));
    const view = open();
    expect(view.partitionCount).toBe(3);
    expect(await view.endPositions()).toEqual(ends);
    expect(await view.read({ partition: 0, offset: 1 }, 9)).toEqual(records);
    expect(textsOf(await view.read({ partition: 0, offset: 0 }, 1))).toEqual(['a']);
    expect(await view.read({ partition: 1, offset: 0 }, 9)).toEqual([]);
    await view.close();
    await view.close();
    expect(folderState(dirname(folder.path))).toEqual(before);
  });

  it('sees at each read what is durable by then, and writes nothing beside a writer', async () => {
    const log = folder.open();
    await append(log, 1, 'a');
    const view = open();
    const before = writtenState(dirname(folder.path));
    expect(textsOf(await view.read({ partition: 1, offset: 0 }, 9))).toEqual(['a']);
    expect(writtenState(dirname(folder.path))).toEqual(before);
    await append(log, 1, 'b');
    expect(await view.endPositions()).toContainEqual({ partition: 1, offset: 2 });
    expect(textsOf(await view.read({ partition: 1, offset: 1 }, 9))).toEqual(['b']);
  });

  it('reads without a hole while another process appends', async () => {
    await folder.open().close();
    const { execArgv } = sourceThread('');
    const program = join(__dirname, '../test-support/append-lines.cjs');
    const child = spawn(process.execPath, [...execArgv, program, folder.path, 'inline'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    try {
      const view = open();
      const seen: string[] = [];
      let pieces = 0;
      await folder.until('many are read', async () => {
        const records = await view.read({ partition: 1, offset: seen.length }, 10);
        if (records.length > 0) pieces += 1;
        seen.push(...records.map(({ content }) => (content.ok ? content.value : 'damaged')));
        return seen.length >= 100;
      });
      expect(seen).toEqual(seen.map((_, index) => `${index * 3 + 1}`));
      expect(pieces).toBeGreaterThan(5);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  it('says which offsets there are when it is asked for others', async () => {
    const log = folder.open({ retentionMs: 0 });
    await append(log, 0, 'a', 'b');
    const view = open();
    await expect(view.read({ partition: 0, offset: 3 }, 9)).rejects.toMatchObject({
      name: 'LogPositionError',
      startOffset: 0,
      endOffset: 2,
    });
    await expect(view.read({ partition: 3, offset: 0 }, 9)).rejects.toThrow('there is no partition 3');
  });

  it('refuses a file that is missing, and makes none', () => {
    expectRefused('not_writable');
    expect(existsSync(folder.path)).toBe(false);
  });

  it('refuses another number of partitions', async () => {
    await folder.open().close();
    expectRefused('foreign', 4);
    expect(() => open(4)).toThrow('has 3 partitions, and 4 are configured');
  });

  it('refuses files that are no event logs, and leaves them as they are', async () => {
    writeFileSync(folder.path, 'dear diary'.repeat(100));
    expectRefused('corrupt');
    rmSync(folder.path);
    openDatabase(folder.path, {
      applicationId: 77,
      schemaVersion: 1,
      migrate: (db) => void db.exec('CREATE TABLE theirs (id INTEGER)'),
      durability: 'none',
    }).close();
    expectRefused('foreign');
    rmSync(folder.path);
    const log = folder.open();
    for (let row = 0; row < 20; row += 1) await append(log, 0, 'x'.repeat(2_000));
    await log.close();
    truncateSync(folder.path, 9_000);
    expectRefused('corrupt');
  });
});

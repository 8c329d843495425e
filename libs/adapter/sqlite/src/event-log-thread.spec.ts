import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { SqliteEventLog } from './event-log';
import { LogFolder, sourceThread } from './event-log-test-kit';
import { RESTARTS_MAX } from './event-log-thread-writer';

const SUPPORT = join(__dirname, '../test-support');

describe("SqliteEventLog's thread", () => {
  let folder: LogFolder;
  const children: ChildProcess[] = [];
  beforeEach(() => void (folder = new LogFolder()));
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await folder.dispose();
  });

  const append = (log: SqliteEventLog<string>, value: string): Promise<void> => log.append([{ partition: 0, value }]);
  const openDying = (): SqliteEventLog<string> =>
    folder.open({ writer: 'thread', threadFile: { ...sourceThread(''), path: join(SUPPORT, 'dying-thread.cjs') } });
  const texts = async (log: SqliteEventLog<string>, partition = 0): Promise<string[]> =>
    (await log.read({ partition, offset: 0 }, 1_000_000)).map(({ content }) => (content.ok ? content.value : '?'));

  it('is started again when it dies, and appends under way are rejected', async () => {
    const log = openDying();
    await append(log, 'a');
    expect(log.healthy()).toBe(true);
    const [dying, queued] = [append(log, 'die'), append(log, 'b')];
    await expect(dying).rejects.toMatchObject({
      reason: 'EVENT_LOG_UNAVAILABLE',
      message: expect.stringContaining('what it did last is not known') as string,
    });
    await queued.catch(() => undefined);
    expect(log.healthy()).toBe(false);
    await expect(append(log, 'c')).rejects.toMatchObject({ reason: 'EVENT_LOG_UNAVAILABLE' });
    await folder.until('it is back', () =>
      append(log, 'd').then(
        () => true,
        () => false,
      ),
    );
    expect(log.healthy()).toBe(true);
    const read = await texts(log);
    expect(read[0]).toBe('a');
    expect(read.at(-1)).toBe('d');
    expect(read).not.toContain('die');
  });

  it('is not started for ever', async () => {
    const log = openDying();
    await append(log, 'a');
    for (let death = 0; death <= RESTARTS_MAX; death += 1) {
      await folder.until('it runs', () => log.healthy());
      await append(log, 'die').catch(() => undefined);
    }
    await folder.advance(1_000_000);
    await expect(append(log, 'b')).rejects.toThrow('it is not started again');
    expect(log.healthy()).toBe(false);
    expect(await texts(log)).toEqual(['a']);
  });

  it('counts deaths anew after a commit', async () => {
    const log = openDying();
    for (let death = 0; death <= RESTARTS_MAX + 1; death += 1) {
      await folder.until('it runs', () =>
        append(log, 'a').then(
          () => true,
          () => false,
        ),
      );
      await append(log, 'die').catch(() => undefined);
    }
    await folder.until('it runs', () =>
      append(log, 'b').then(
        () => true,
        () => false,
      ),
    );
  });

  it('tells why it cannot begin', async () => {
    const log = folder.open({ writer: 'thread', threadFile: { path: join(SUPPORT, 'missing.cjs'), execArgv: [] } });
    await expect(append(log, 'a')).rejects.toThrow('missing.cjs');
    expect(log.healthy()).toBe(false);
  });

  it('passes on what the disk says', async () => {
    const log = folder.open({ writer: 'thread', fileBytesMax: 1024 ** 2 });
    let error: unknown;
    for (let index = 0; index < 100 && error === undefined; index += 1)
      await append(log, 'x'.repeat(50_000)).catch((caught: unknown) => (error = caught));
    expect(error).toMatchObject({ name: 'DataFileError', problem: 'not_writable' });
    expect(log.healthy()).toBe(false);
    await append(log, 'small');
    expect(log.healthy()).toBe(true);
  });

  it('finishes what was begun before it closes', async () => {
    const log = folder.open({ writer: 'thread' });
    const appends = Array.from({ length: 50 }, (_, index) => append(log, `${index}`));
    const closing = log.close();
    await Promise.all(appends);
    await closing;
    await expect(append(log, 'late')).rejects.toMatchObject({ reason: 'EVENT_LOG_UNAVAILABLE' });
    expect(await texts(folder.open())).toHaveLength(50);
  });

  describe.each(['thread', 'inline'] as const)('in another process (%s)', (writer) => {
    const run = (...args: readonly string[]): ChildProcess => {
      const { execArgv } = sourceThread('');
      const child = spawn(
        process.execPath,
        [...execArgv, join(SUPPORT, 'append-lines.cjs'), folder.path, writer, ...args],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      children.push(child);
      return child;
    };

    it('keeps all that was acknowledged when it is killed', async () => {
      const child = run();
      let output = '';
      child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const reader = folder.open();
      await folder.until('some are durable', async () => ((await reader.endPositions())[2]?.offset ?? 0) >= 20);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const acknowledged = output.split('\n').slice(0, -1);
      expect(acknowledged.length).toBeGreaterThan(0);
      const log = folder.open();
      const all = (await Promise.all([0, 1, 2].map((partition) => texts(log, partition)))).flat();
      expect(all).toEqual(expect.arrayContaining(acknowledged));
      await append(log, 'and goes on');
    });

    it('ends with the process that has nothing else to do, and not before its appends', async () => {
      const child = run('5');
      let output = '';
      child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const [code] = (await once(child, 'close')) as [number];
      expect(code).toBe(0);
      expect(output).toBe('0\n1\n2\n3\n4\n');
    });
  });
});

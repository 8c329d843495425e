import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { SqliteEventLog } from './event-log';
import { LogFolder, sourceThread, textCodec } from './event-log-test-kit';

describe("SqliteEventLog's subscribers", () => {
  let folder: LogFolder;
  beforeEach(() => void (folder = new LogFolder()));
  afterEach(() => folder.dispose());

  const append = (log: SqliteEventLog<string>, partition: number, ...values: string[]): Promise<void> =>
    log.append(values.map((value) => ({ partition, value })));
  const collect = (log: SqliteEventLog<string>, seen: unknown[]) =>
    log.subscribe({
      startAt: async () => [],
      onRecords: async (records) => void seen.push(...records.map(({ content }) => content.ok && content.value)),
      onHalt: (error) => void seen.push(error),
      recordsMax: 100,
      retryDelayMs: 1,
    });

  /** Another process appends 0, 1 and 2, one to each partition. */
  const appendElsewhere = (): void => {
    const { execArgv } = sourceThread('');
    const program = join(__dirname, '../test-support/append-lines.cjs');
    const { status } = spawnSync(process.execPath, [...execArgv, program, folder.path, 'inline', '3']);
    expect(status).toBe(0);
  };

  it('get the very objects that were appended, when they keep up', async () => {
    interface Value {
      readonly text: string;
    }
    const codec = { encode: ({ text }: Value) => textCodec.encode(text), decode: (): Value => ({ text: 'decoded' }) };
    const log = new SqliteEventLog<Value>({
      path: folder.path,
      partitionCount: 1,
      codec,
      writer: 'inline',
      clock: folder.clock,
      durability: 'none',
    });
    const seen: unknown[] = [];
    const subscription = log.subscribe({
      startAt: async () => [],
      onRecords: async (records) => void seen.push(...records.map(({ content }) => content.ok && content.value)),
      onHalt: () => undefined,
      recordsMax: 10,
      retryDelayMs: 1,
    });
    await folder.advance(1);
    const value = { text: 'a' };
    await log.append([{ partition: 0, value }]);
    await folder.until('it has come', () => seen.length === 1);
    expect(seen[0]).toBe(value);
    await subscription.close();
    await log.close();
  });

  it('are woken by other instances in the process, without waiting for their poll', async () => {
    const [writer, reader] = [folder.open(), folder.open({ pollMs: 60_000 })];
    const seen: unknown[] = [];
    collect(reader, seen);
    await append(writer, 0, 'a');
    await append(writer, 2, 'b');
    await folder.until('both have come', () => seen.length === 2);
    expect(folder.clock.monotonicMs()).toBeLessThan(60_000);
  });

  it('find what others wrote by looking at intervals', async () => {
    const reader = folder.open({ pollMs: 20 });
    const seen: unknown[] = [];
    collect(reader, seen);
    await folder.advance(1);
    appendElsewhere();
    await folder.advance(18);
    expect(seen).toEqual([]);
    await folder.advance(1);
    expect([...seen].sort()).toEqual(['0', '1', '2']);
  });

  it.each<[string, (reader: SqliteEventLog<string>) => unknown]>([
    ['has asked where the log ends', (reader) => reader.endPositions()],
    ['has read', (reader) => [0, 1, 2].map((partition) => reader.read({ partition, offset: 0 }, 9))],
    ['has subscribed', (reader) => collect(reader, [])],
  ])('find it also when somebody else on the same instance %s before', async (_, ask) => {
    const reader = folder.open({ pollMs: 20 });
    const seen: unknown[] = [];
    collect(reader, seen);
    await folder.advance(1);
    appendElsewhere();
    await ask(reader);
    await folder.advance(20);
    expect([...seen].sort()).toEqual(['0', '1', '2']);
  });

  it('leave no timers behind', async () => {
    const log = folder.open();
    const subscription = collect(log, []);
    await folder.advance(100);
    await subscription.close();
    expect(folder.clock.pendingTimers).toBe(0);
    collect(log, []);
    await log.close();
    expect(folder.clock.pendingTimers).toBe(0);
  });
});

/**
 * What appending to the event log costs, fsync included: values of 250 bytes over 4 partitions, one at a time and in groups, with
 * the writer in a thread and inline, with and without a subscriber in the same instance.
 *
 *   node dist/event-log.bench.js [--json] [--quick] [--folder path]
 *
 * The baseline is a bare better-sqlite3 insert of the same bytes in a transaction of its own, in the same run. CPU is user and
 * system time of the process, all threads.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import BetterSqlite3 from 'better-sqlite3';
import { SqliteEventLog } from './event-log';

const VALUE_BYTES = 250;
const PARTITIONS = 4;
/** Appends under way in the workload of single appends that overlap. */
const OVERLAPPING = 64;

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

const codec = { encode: (value: Uint8Array) => value, decode: (bytes: Uint8Array) => bytes };
const value = new Uint8Array(VALUE_BYTES).fill(7);
const entriesOf = (count: number, first: number) =>
  Array.from({ length: count }, (_, index) => ({ partition: (first + index) % PARTITIONS, value }));

async function measure(name: string, events: number, work: () => Promise<void>): Promise<Figure[]> {
  const cpuBefore = process.cpuUsage();
  const startedAtMs = performance.now();
  await work();
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return [
    { name, value: Math.round(events / seconds), unit: 'events/s' },
    { name: `${name}: CPU`, value: Math.round(((user + system) / events) * 100) / 100, unit: 'µs/event' },
  ];
}

async function measureLog(
  path: string,
  writer: 'thread' | 'inline',
  group: number,
  events: number,
  isRead: boolean,
): Promise<Figure[]> {
  const log = new SqliteEventLog<Uint8Array>({ path, codec, partitionCount: PARTITIONS, writer });
  let read = 0;
  if (isRead)
    log.subscribe({
      startAt: async () => [],
      onRecords: async (records) => void (read += records.length),
      onHalt: (error) => {
        throw error;
      },
      recordsMax: 1_000,
      retryDelayMs: 100,
    });
  await log.append(entriesOf(1, 0));
  const name = `${writer}, groups of ${group}${isRead ? ', read by a subscriber' : ''}`;
  const figures = await measure(name, events, async () => {
    for (let done = 0; done < events; done += group) await log.append(entriesOf(group, done));
    while (isRead && read <= events) await new Promise((resolve) => setImmediate(resolve));
  });
  await log.close();
  return figures;
}

async function measureOverlapping(path: string, events: number): Promise<Figure[]> {
  const log = new SqliteEventLog<Uint8Array>({ path, codec, partitionCount: PARTITIONS });
  await log.append(entriesOf(1, 0));
  const figures = await measure(`thread, ${OVERLAPPING} single appends at a time`, events, async () => {
    let next = 0;
    const client = async (): Promise<void> => {
      for (let number = (next += 1); number <= events; number = next += 1) await log.append(entriesOf(1, number));
    };
    await Promise.all(Array.from({ length: OVERLAPPING }, client));
  });
  await log.close();
  return figures;
}

async function measureBare(path: string, group: number, events: number): Promise<Figure[]> {
  const db = new BetterSqlite3(path);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE value (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)');
  const insert = db.prepare('INSERT INTO value (bytes) VALUES (?)');
  const insertAll = db.transaction((count: number) => {
    for (let index = 0; index < count; index += 1) insert.run(value);
  });
  const figures = await measure(`bare SQLite, a row each, groups of ${group}`, events, async () => {
    for (let done = 0; done < events; done += group) insertAll(group);
  });
  db.close();
  return figures;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      folder: { type: 'string', default: tmpdir() },
    },
  });
  const scale = values.quick ? 0.2 : 1;
  const folder = mkdtempSync(join(values.folder, 'giftmesh-bench-'));
  const figures: Figure[] = [];
  let files = 0;
  const newPath = (): string => join(folder, `${(files += 1)}.db`);
  try {
    for (const [group, wanted] of [
      [1, 5_000],
      [64, 100_000],
      [512, 300_000],
    ] as const) {
      const events = Math.ceil((wanted * scale) / group) * group;
      figures.push(...(await measureBare(newPath(), group, events)));
      for (const writer of ['inline', 'thread'] as const)
        figures.push(...(await measureLog(newPath(), writer, group, events, false)));
      figures.push(...(await measureLog(newPath(), 'thread', group, events, true)));
    }
    figures.push(...(await measureOverlapping(newPath(), 100_000 * scale)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const environment = { node: process.version, valueBytes: VALUE_BYTES, partitions: PARTITIONS };
  if (values.json) console.log(JSON.stringify({ suite: 'sqlite-event-log', seed: 0, environment, figures, notes: [] }));
  else for (const { name, value: figure, unit } of figures) console.log(`${name.padEnd(55)} ${figure} ${unit}`);
}

void main();

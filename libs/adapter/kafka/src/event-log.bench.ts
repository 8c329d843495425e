// What the event log on Kafka costs: appends by callers at a time, one value each, and delivery of what stands there.
//   node dist/event-log.bench.js --kafka 127.0.0.1:9092[,…] [--copies 1] [--json] [--quick]
// on brokers that run; the topic that it makes stays.
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { KafkaEventLog } from './index';

const VALUE_BYTES = 220;
const PARTITIONS = 16;
const codec = { encode: (bytes: Uint8Array) => bytes, decode: (bytes: Uint8Array) => bytes };
const value = Buffer.alloc(VALUE_BYTES, 'g');

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** Rate, latency and CPU of work that many callers do, one call after the other each. */
async function measureCalls(
  name: string,
  callers: number,
  calls: number,
  call: (n: number) => Promise<void>,
): Promise<Figure[]> {
  const latenciesMs: number[] = [];
  const before = process.cpuUsage();
  const startedMs = performance.now();
  let next = 0;
  const caller = async (): Promise<void> => {
    for (let number = (next += 1); number <= calls; number = next += 1) {
      const calledMs = performance.now();
      await call(number);
      latenciesMs.push(performance.now() - calledMs);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const seconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage(before);
  latenciesMs.sort((a, b) => a - b);
  const at = (quantile: number): number => Number((latenciesMs[Math.floor(quantile * calls)] ?? 0).toFixed(2));
  return [
    { name, value: Math.round(calls / seconds), unit: '/s' },
    { name: `${name}: p50`, value: at(0.5), unit: 'ms' },
    { name: `${name}: p99`, value: at(0.99), unit: 'ms' },
    { name: `${name}: CPU of this process`, value: Number(((user + system) / calls).toFixed(2)), unit: 'µs each' },
  ];
}

async function measureDelivery(log: KafkaEventLog<Uint8Array>, recordsMax: number): Promise<Figure[]> {
  const total = (await log.endPositions()).reduce((sum, { offset }) => sum + offset, 0);
  const before = process.cpuUsage();
  const startedMs = performance.now();
  let read = 0;
  let deliveries = 0;
  await new Promise<void>((resolve, reject) => {
    log.subscribe({
      startAt: async () => [],
      onRecords: async (records) => {
        read += records.length;
        deliveries += 1;
        if (read === total) resolve();
      },
      onHalt: reject,
      recordsMax,
      retryDelayMs: 100,
    });
  });
  const seconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage(before);
  const name = `delivery, at most ${recordsMax}`;
  return [
    { name, value: Math.round(total / seconds), unit: '/s' },
    { name: `${name}: records of a delivery`, value: Math.round(total / deliveries), unit: '' },
    { name: `${name}: CPU of this process`, value: Number(((user + system) / total).toFixed(2)), unit: 'µs each' },
  ];
}

/** The same through kafkajs's own producer, a send for all that queued while the last was under way. */
async function measureProducer(
  brokers: readonly string[],
  topic: string,
  callers: number,
  calls: number,
): Promise<Figure[]> {
  const producer = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  let waiting: { partition: number; resolve: () => void; reject: (error: unknown) => void }[] = [];
  let isBusy = false;
  const pump = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await producer.send({ topic, acks: -1, messages: batch.map(({ partition }) => ({ partition, value })) });
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    isBusy = false;
  };
  const call = (number: number): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.push({ partition: number % PARTITIONS, resolve, reject });
      void pump();
    });
  await measureCalls('', callers, calls / 10, call);
  const figures = await measureCalls(`kafkajs's producer, ${callers} callers`, callers, calls, call);
  await producer.disconnect();
  return figures;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      kafka: { type: 'string', default: '127.0.0.1:9092' },
      copies: { type: 'string', default: '1' },
    },
  });
  const scale = values.quick ? 0.1 : 1;
  const brokers = values.kafka.split(',');
  const copies = Number(values.copies);
  const topic = `bench-${Date.now()}`;
  const figures: Figure[] = [];
  const log = await KafkaEventLog.open<Uint8Array>({
    brokers,
    topic,
    codec,
    partitionCount: PARTITIONS,
    createTopic: true,
    replicationFactor: copies,
    minInSyncReplicas: Math.min(copies, 2),
  });
  const append = (number: number): Promise<void> => log.append([{ partition: number % PARTITIONS, value }]);
  await measureCalls('', 64, 50_000 * scale, append);
  for (const [callers, calls] of [
    [1, 2_000],
    [64, 60_000],
    [512, 200_000],
  ] as const)
    figures.push(...(await measureCalls(`append, ${callers} callers`, callers, calls * scale, append)));
  figures.push(...(await measureProducer(brokers, topic, 64, 60_000 * scale)));
  figures.push(...(await measureProducer(brokers, topic, 512, 200_000 * scale)));
  figures.push(...(await measureDelivery(log, 500)));
  figures.push(...(await measureDelivery(log, 5_000)));
  const ask = async (): Promise<void> => void (await log.endPositions());
  figures.push(...(await measureCalls('end positions, 1 caller', 1, 1_000 * scale, ask)));
  figures.push(...(await measureCalls('end positions, 64 callers', 64, 10_000 * scale, ask)));
  await log.close();
  const environment = {
    node: process.version,
    valueBytes: VALUE_BYTES,
    partitions: PARTITIONS,
    brokers: brokers.length,
    copies,
  };
  if (values.json) console.log(JSON.stringify({ suite: 'kafka-event-log', seed: 0, environment, figures, notes: [] }));
  else for (const { name, value: figure, unit } of figures) console.log(`${name.padEnd(55)} ${figure} ${unit}`);
}

void main();

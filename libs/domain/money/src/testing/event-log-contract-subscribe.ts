import fc from 'fast-check';
import { deferred } from '@giftmesh/kernel-async';
import { LogPositionError, type EventLog } from '../ports/event-log';
import {
  contractCodec,
  Reader,
  until,
  UNDECODABLE,
  type EventLogUnderTest,
  type MakeEventLog,
} from './event-log-contract-harness';

const PARTITIONS = 3;

/** The part of the event log's contract about subscriptions. */
export function subscriptionContract(current: () => EventLogUnderTest, makeLog: MakeEventLog, numRuns: number): void {
  describe('subscriptions', () => {
    let underTest: EventLogUnderTest;
    let log: EventLog<string>;
    beforeEach(() => {
      underTest = current();
      log = underTest.log;
    });
    const append = (partition: number, ...values: string[]): Promise<void> =>
      log.append(values.map((value) => ({ partition, value })));

    it('deliver what stands in the log and what comes', async () => {
      await append(0, 'a', 'b');
      const reader = new Reader(PARTITIONS);
      const subscription = log.subscribe(reader.options());
      await append(1, 'x');
      await until(underTest, 'three have come', () => reader.count === 3);
      await append(0, 'c');
      await until(underTest, 'four have come', () => reader.count === 4);
      expect(reader.values).toEqual([['a', 'b', 'c'], ['x'], []]);
      expect(reader.asked.flat().sort()).toEqual([0, 1, 2]);
      await subscription.close();
    });

    it('begin where they are told to', async () => {
      await append(0, 'a', 'b', 'c');
      await append(1, 'x', 'y');
      const reader = new Reader(PARTITIONS, [2, 2, 0]);
      const subscription = log.subscribe(reader.options());
      await append(1, 'z');
      await until(underTest, 'two have come', () => reader.count === 2);
      expect(reader.values).toEqual([['c'], ['z'], []]);
      await subscription.close();
    });

    it('begin at 0 in partitions that are not named', async () => {
      await append(0, 'a');
      await append(2, 'x');
      const reader = new Reader(PARTITIONS);
      const subscription = log.subscribe(reader.options({ startAt: async () => [] }));
      await until(underTest, 'both have come', () => reader.count === 2);
      expect(reader.values).toEqual([['a'], [], ['x']]);
      await subscription.close();
    });

    it('deliver at most recordsMax at a time', async () => {
      await append(0, ...Array.from({ length: 10 }, (_, index) => `${index}`));
      await append(1, ...Array.from({ length: 10 }, (_, index) => `${index}`));
      const reader = new Reader(PARTITIONS);
      const subscription = log.subscribe(reader.options({ recordsMax: 3 }));
      await until(underTest, 'all have come', () => reader.count === 20);
      for (const records of reader.deliveries) {
        expect(records.length).toBeGreaterThan(0);
        expect(records.length).toBeLessThanOrEqual(3);
      }
      await subscription.close();
    });

    it('let no busy partition starve the others', async () => {
      await append(1, 'quiet');
      await append(0, ...Array.from({ length: 50 }, (_, index) => `${index}`));
      const reader = new Reader(PARTITIONS);
      const subscription = log.subscribe(reader.options({ recordsMax: 2 }));
      await until(underTest, 'the quiet one has come', () => reader.values[1]?.length === 1);
      await until(underTest, 'all have come', () => reader.count === 51);
      const turn = reader.deliveries.findIndex((records) => records.some(({ partition }) => partition === 1));
      expect(turn).toBeLessThan(10);
      await subscription.close();
    });

    it('never deliver twice at a time', async () => {
      const reader = new Reader(PARTITIONS);
      reader.before = () => underTest.advance(2);
      const subscription = log.subscribe(reader.options({ recordsMax: 2 }));
      for (let index = 0; index < 15; index += 1) await append(index % PARTITIONS, `${index}`);
      await until(underTest, 'all have come', () => reader.count === 15);
      expect(reader.overlaps).toBe(0);
      await subscription.close();
    });

    it('deliver again after a failure, from where they are told anew', async () => {
      await append(0, 'a', 'b');
      const reader = new Reader(PARTITIONS);
      let failures = 3;
      reader.before = async () => {
        failures -= 1;
        if (failures >= 0) throw new Error('the reader is away');
      };
      const subscription = log.subscribe(reader.options());
      await until(underTest, 'both have come', () => reader.count === 2);
      expect(reader.values[0]).toEqual(['a', 'b']);
      expect(reader.asked.length).toBeGreaterThanOrEqual(4);
      await append(0, 'c');
      await until(underTest, 'the next has come', () => reader.count === 3);
      expect(reader.halted).toBeUndefined();
      await subscription.close();
    });

    it('skip what somebody else has taken meanwhile', async () => {
      await append(0, 'a', 'b', 'c');
      const seen: string[] = [];
      let start = 0;
      const subscription = log.subscribe(
        new Reader(PARTITIONS).options({
          startAt: async () => [{ partition: 0, offset: start }],
          onRecords: async (records) => {
            if (start === 0) {
              start = 2;
              throw new Error('another reader has gone on');
            }
            for (const { content } of records) seen.push(content.ok ? content.value : '');
          },
        }),
      );
      await until(underTest, 'the rest has come', () => seen.length > 0);
      expect(seen).toEqual(['c']);
      await subscription.close();
    });

    it('ask again when the positions cannot be had', async () => {
      await append(0, 'a');
      const reader = new Reader(PARTITIONS);
      let failures = 2;
      const { startAt } = reader.options();
      const subscription = log.subscribe(
        reader.options({
          startAt: (partitions) => {
            failures -= 1;
            return failures >= 0 ? Promise.reject(new Error('the ledger is away')) : startAt(partitions);
          },
        }),
      );
      await until(underTest, 'it has come', () => reader.count === 1);
      await subscription.close();
    });

    it('wait for the delivery under way when they are closed, and deliver nothing afterwards', async () => {
      const reader = new Reader(PARTITIONS);
      const gate = deferred<void>();
      reader.before = () => gate.promise;
      const subscription = log.subscribe(reader.options({ recordsMax: 1 }));
      await append(0, 'a', 'b');
      await until(underTest, 'the delivery runs', () => reader.deliveries.length === 1);
      let closed = false;
      const closing = subscription.close().then(() => void (closed = true));
      await underTest.advance(20);
      expect(closed).toBe(false);
      gate.resolve();
      await closing;
      await append(0, 'c');
      await underTest.advance(50);
      expect(reader.deliveries).toHaveLength(1);
      await subscription.close();
    });

    it('can be closed when nothing is to be delivered, and while they wait to try again', async () => {
      const idle = log.subscribe(new Reader(PARTITIONS).options());
      await underTest.advance(5);
      await idle.close();
      const reader = new Reader(PARTITIONS);
      reader.before = () => Promise.reject(new Error('always'));
      const failing = log.subscribe(reader.options({ retryDelayMs: 1_000_000 }));
      await append(0, 'a');
      await until(underTest, 'it has failed', () => reader.deliveries.length === 1);
      await failing.close();
      expect(reader.halted).toBeUndefined();
    });

    it('end together with the log', async () => {
      const reader = new Reader(PARTITIONS);
      const gate = deferred<void>();
      reader.before = () => gate.promise;
      log.subscribe(reader.options());
      await append(0, 'a');
      await until(underTest, 'the delivery runs', () => reader.deliveries.length === 1);
      let closed = false;
      const closing = log.close().then(() => void (closed = true));
      await underTest.advance(20);
      expect(closed).toBe(false);
      gate.resolve();
      await closing;
    });

    it('halt at a position that the log does not hold', async () => {
      await append(0, 'a');
      const reader = new Reader(PARTITIONS, [5, 0, 0]);
      log.subscribe(reader.options());
      await until(underTest, 'it has halted', () => reader.halted !== undefined);
      expect(reader.halted).toBeInstanceOf(LogPositionError);
      await append(0, 'b', 'c', 'd', 'e', 'f', 'g');
      await underTest.advance(50);
      expect(reader.count).toBe(0);
    });

    it('halt at a position that was dropped', async () => {
      if (underTest.dropReleased === undefined) return;
      await append(0, 'a');
      await append(0, 'b');
      await append(0, 'c');
      await log.release({ partition: 0, offset: 2 });
      await underTest.dropReleased();
      const reader = new Reader(PARTITIONS);
      log.subscribe(reader.options());
      await until(underTest, 'it has halted', () => reader.halted !== undefined);
      expect(reader.halted).toMatchObject({ name: 'LogPositionError', startOffset: 2, endOffset: 3 });
      expect(reader.count).toBe(0);
    });

    it('deliver what cannot be decoded as such', async () => {
      await append(0, 'a', UNDECODABLE, 'b');
      if (underTest.reopen !== undefined) log = await underTest.reopen();
      const reader = new Reader(PARTITIONS);
      const subscription = log.subscribe(reader.options());
      await until(underTest, 'all have come', () => reader.count === 3);
      expect(reader.values[0]).toEqual(['a', 'not ok: these bytes are no value', 'b']);
      await subscription.close();
    });

    it('serve several readers, each at its own pace', async () => {
      const [fast, slow] = [new Reader(PARTITIONS), new Reader(PARTITIONS)];
      slow.before = () => underTest.advance(5);
      const subscriptions = [log.subscribe(fast.options()), log.subscribe(slow.options({ recordsMax: 1 }))];
      for (let index = 0; index < 10; index += 1) await append(0, `${index}`);
      await until(underTest, 'both have all', () => fast.count === 10 && slow.count === 10);
      expect(slow.values).toEqual(fast.values);
      await Promise.all(subscriptions.map((subscription) => subscription.close()));
    });

    it('refuse senseless options', () => {
      const reader = new Reader(PARTITIONS);
      expect(() => log.subscribe(reader.options({ recordsMax: 0 }))).toThrow('is 0');
      expect(() => log.subscribe(reader.options({ retryDelayMs: -1 }))).toThrow('is -1');
    });

    it('bring everything once to a reader that keeps its positions, however it fails (property)', async () => {
      const batches = fc.array(fc.array(fc.nat(PARTITIONS - 1), { minLength: 1, maxLength: 8 }), { maxLength: 15 });
      const fails = fc.infiniteStream(fc.integer({ min: 0, max: 3 }).map((n) => n === 0));
      await fc.assert(
        fc.asyncProperty(batches, fails, fc.integer({ min: 1, max: 10 }), async (appends, failing, recordsMax) => {
          const own = await makeLog({ partitionCount: PARTITIONS, codec: contractCodec });
          try {
            const expected: string[][] = Array.from({ length: PARTITIONS }, () => []);
            const reader = new Reader(PARTITIONS);
            reader.before = async () => {
              if (failing.next().value) throw new Error('now and then');
            };
            const subscription = own.log.subscribe(reader.options({ recordsMax, retryDelayMs: 1 }));
            for (const [index, partitions] of appends.entries()) {
              const entries = partitions.map((partition, at) => ({ partition, value: `${index}:${at}` }));
              for (const { partition, value } of entries) expected[partition]?.push(value);
              await own.log.append(entries);
            }
            await until(own, 'all have come', () => reader.count === expected.flat().length);
            expect(reader.values).toEqual(expected);
            expect(reader.overlaps).toBe(0);
            await subscription.close();
          } finally {
            await own.dispose();
          }
        }),
        { numRuns },
      );
    });
  });
}

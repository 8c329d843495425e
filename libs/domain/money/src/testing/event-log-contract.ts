import fc from 'fast-check';
import { LogPositionError, type EventLog } from '../ports/event-log';
import {
  contractCodec,
  readAll,
  UNDECODABLE,
  valueOf,
  type EventLogUnderTest,
  type MakeEventLog,
} from './event-log-contract-harness';
import { subscriptionContract } from './event-log-contract-subscribe';

export type { EventLogUnderTest, MakeEventLog } from './event-log-contract-harness';

const PARTITIONS = 3;

/**
 * What every event log must do, whatever it is made of. Call it at the top level of a spec.
 *
 * @param numRuns logs that each property makes; fewer for one that is slow to make.
 */
export function eventLogContract(name: string, makeLog: MakeEventLog, numRuns = 20): void {
  describe(`${name} keeps the event log's contract`, () => {
    let underTest: EventLogUnderTest;
    let log: EventLog<string>;
    beforeEach(async () => {
      underTest = await makeLog({ partitionCount: PARTITIONS, codec: contractCodec });
      log = underTest.log;
    });
    afterEach(() => underTest.dispose());
    const append = (partition: number, ...values: string[]): Promise<void> =>
      log.append(values.map((value) => ({ partition, value })));
    const ends = async (): Promise<number[]> => {
      const offsets: number[] = [];
      for (const { partition, offset } of await log.endPositions()) offsets[partition] = offset;
      return offsets;
    };

    it('knows its partitions and begins empty', async () => {
      expect(log.partitionCount).toBe(PARTITIONS);
      expect(await ends()).toEqual([0, 0, 0]);
      expect(await log.read({ partition: 1, offset: 0 }, 10)).toEqual([]);
      expect(log.healthy()).toBe(true);
    });

    it('keeps the order within a partition, and counts its offsets from 0 without gaps', async () => {
      await log.append([
        { partition: 0, value: 'a' },
        { partition: 2, value: 'x' },
        { partition: 0, value: 'b' },
      ]);
      await append(0, 'c');
      await append(2, 'y', 'z');
      expect(await readAll(log, 0)).toEqual(['a', 'b', 'c']);
      expect(await readAll(log, 1)).toEqual([]);
      expect(await readAll(log, 2)).toEqual(['x', 'y', 'z']);
      expect(await ends()).toEqual([3, 0, 3]);
    });

    it('appends nothing when nothing is given', async () => {
      await log.append([]);
      expect(await ends()).toEqual([0, 0, 0]);
    });

    it('refuses partitions that it does not have, and then appends nothing of the call', async () => {
      for (const partition of [-1, PARTITIONS, 0.5]) {
        await expect(
          log.append([
            { partition: 0, value: 'good' },
            { partition, value: 'bad' },
          ]),
        ).rejects.toThrow();
        await expect(log.read({ partition, offset: 0 }, 1)).rejects.toThrow();
      }
      expect(await ends()).toEqual([0, 0, 0]);
    });

    it('has end positions behind every acknowledged append', async () => {
      for (let count = 1; count <= 20; count += 1) {
        await append(1, `value ${count}`);
        expect((await ends())[1]).toBe(count);
      }
    });

    it('lands all of many appends at once, each whole and in its order', async () => {
      const calls = Array.from({ length: 200 }, (_, call) =>
        log.append(
          Array.from({ length: 1 + (call % 5) }, (_, index) => ({
            partition: (call + (index % 2)) % PARTITIONS,
            value: `${call}:${index}`,
          })),
        ),
      );
      await Promise.all(calls);
      const all = await Promise.all([0, 1, 2].map((partition) => readAll(log, partition)));
      const expected = Array.from({ length: 200 }, (_, call) =>
        Array.from({ length: 1 + (call % 5) }, (_, index) => `${call}:${index}`),
      );
      expect(all.flat().sort()).toEqual(expected.flat().sort());
      for (const values of all) {
        const last = new Map<string, number>();
        for (const value of values) {
          const [call = '', index = ''] = value.split(':');
          expect(Number(index)).toBeGreaterThan(last.get(call) ?? -1);
          last.set(call, Number(index));
        }
      }
    });

    it('keeps the order of appends that were not waited for', async () => {
      await Promise.all(Array.from({ length: 50 }, (_, index) => append(0, `${index}`)));
      expect(await readAll(log, 0)).toEqual(Array.from({ length: 50 }, (_, index) => `${index}`));
    });

    it('reads at most as many as asked for, from any offset up to the end', async () => {
      await append(0, 'a', 'b', 'c');
      await append(0, 'd', 'e');
      const read = async (offset: number, recordsMax: number): Promise<string[]> =>
        (await log.read({ partition: 0, offset }, recordsMax)).map(valueOf);
      expect(await read(0, 1)).toEqual(['a']);
      expect((await read(1, 2))[0]).toBe('b');
      for (let offset = 0; offset < 5; offset += 1) {
        const values = await read(offset, 3);
        expect(values.length).toBeGreaterThan(0);
        expect(['a', 'b', 'c', 'd', 'e'].slice(offset, offset + 3).slice(0, values.length)).toEqual(values);
      }
      expect(await read(5, 3)).toEqual([]);
    });

    it('refuses positions outside', async () => {
      await append(0, 'a', 'b');
      for (const offset of [3, 1_000_000, -1]) {
        const error: unknown = await log.read({ partition: 0, offset }, 1).catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(LogPositionError);
        expect(error).toMatchObject({ position: { partition: 0, offset }, startOffset: 0, endOffset: 2 });
      }
    });

    it('goes on holding what was released, or refuses what it has dropped, and never renumbers', async () => {
      await append(0, 'a', 'b', 'c', 'd');
      await log.release({ partition: 0, offset: 2 });
      await underTest.dropReleased?.();
      await append(0, 'e');
      expect((await ends())[0]).toBe(5);
      expect(await readAll(log, 0, 2)).toEqual(['c', 'd', 'e']);
      const start = await log.read({ partition: 0, offset: 0 }, 9).then(
        (records) => records[0]?.offset,
        (error: unknown) => error,
      );
      if (start !== 0) expect(start).toBeInstanceOf(LogPositionError);
    });

    it('keeps its numbers when all was released', async () => {
      await append(1, 'a', 'b', 'c');
      await log.release({ partition: 1, offset: 3 });
      await underTest.dropReleased?.();
      expect((await ends())[1]).toBe(3);
      await append(1, 'd');
      expect(await readAll(log, 1, 3)).toEqual(['d']);
      if (underTest.reopen !== undefined) {
        log = await underTest.reopen();
        expect((await ends())[1]).toBe(4);
      }
    });

    it('gives what cannot be decoded as bytes, at its place', async () => {
      await append(0, 'a', UNDECODABLE, 'b');
      if (underTest.reopen !== undefined) log = await underTest.reopen();
      const records = await log.read({ partition: 0, offset: 0 }, 10);
      expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2]);
      expect(records.map(({ content }) => content.ok)).toEqual([true, false, true]);
      const content = records[1]?.content;
      if (content === undefined || content.ok) throw new Error('a value was made of it');
      expect(new TextDecoder().decode(content.bytes)).toBe(UNDECODABLE);
      expect(content.problem).toContain('these bytes are no value');
    });

    it('holds empty, long and foreign texts', async () => {
      const texts = ['', 'ü\u0000漢字🎁', 'x'.repeat(100_000)];
      await append(2, ...texts);
      if (underTest.reopen !== undefined) log = await underTest.reopen();
      expect(await readAll(log, 2)).toEqual(texts);
    });

    it('refuses work after it was closed', async () => {
      await append(0, 'a');
      await log.close();
      await expect(append(0, 'b')).rejects.toThrow();
      expect(log.healthy()).toBe(false);
      await log.close();
    });

    it('has the same as a list, whatever is done to it (property)', async () => {
      const action = fc.oneof(
        {
          weight: 5,
          arbitrary: fc.record({
            kind: fc.constant('append' as const),
            partitions: fc.array(fc.nat(PARTITIONS - 1), { maxLength: 20 }),
            waits: fc.boolean(),
          }),
        },
        {
          weight: 3,
          arbitrary: fc.record({
            kind: fc.constant('read' as const),
            at: fc.nat(60),
            max: fc.integer({ min: 1, max: 30 }),
          }),
        },
        { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (actions) => {
          const own = await makeLog({ partitionCount: PARTITIONS, codec: contractCodec });
          try {
            await follow(own, actions);
          } finally {
            await own.dispose();
          }
        }),
        { numRuns },
      );
    });

    subscriptionContract(() => underTest, makeLog, numRuns);
  });
}

type Action =
  | { readonly kind: 'append'; readonly partitions: readonly number[]; readonly waits: boolean }
  | { readonly kind: 'read'; readonly at: number; readonly max: number }
  | { readonly kind: 'reopen' };

/** Does the same to a log and to lists, and compares. */
async function follow(underTest: EventLogUnderTest, actions: readonly Action[]): Promise<void> {
  let { log } = underTest;
  const lists: string[][] = Array.from({ length: PARTITIONS }, () => []);
  let pending: Promise<void>[] = [];
  let next = 0;
  for (const action of actions) {
    if (action.kind === 'append') {
      const entries = action.partitions.map((partition) => ({ partition, value: `value ${(next += 1)}` }));
      for (const { partition, value } of entries) lists[partition]?.push(value);
      pending.push(log.append(entries));
      if (!action.waits) continue;
    }
    await Promise.all(pending);
    pending = [];
    if (action.kind === 'reopen' && underTest.reopen !== undefined) log = await underTest.reopen();
    expect((await log.endPositions()).map(({ offset }) => offset)).toEqual(lists.map(({ length }) => length));
    if (action.kind !== 'read') continue;
    for (const [partition, list] of lists.entries()) {
      const reading = log.read({ partition, offset: action.at }, action.max);
      if (action.at > list.length) await expect(reading).rejects.toBeInstanceOf(LogPositionError);
      else {
        const values = (await reading).map(valueOf);
        expect(values).toEqual(list.slice(action.at, action.at + values.length));
        expect(values.length).toBeLessThanOrEqual(action.max);
        if (action.at < list.length) expect(values.length).toBeGreaterThan(0);
      }
    }
  }
  await Promise.all(pending);
  for (const [partition, list] of lists.entries()) expect(await readAll(log, partition)).toEqual(list);
}

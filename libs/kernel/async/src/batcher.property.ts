import fc from 'fast-check';
import { Batcher } from './batcher';
import { deferred } from './deferred';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Batcher', () => {
  it('gives every input its own output, within the limits, in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer(), { maxLength: 200 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 20 }),
        async (inputs, batchMax, inFlightMax, flushAt) => {
          let running = 0;
          const seen: number[] = [];
          const batcher = new Batcher<number, string>({
            batchMax,
            inFlightMax,
            flushAt: Math.min(flushAt, batchMax),
            queueMax: 1_000,
            run: async (batch) => {
              running += 1;
              expect(running).toBeLessThanOrEqual(inFlightMax);
              expect(batch.length).toBeLessThanOrEqual(batchMax);
              seen.push(...batch);
              await turn();
              running -= 1;
              return batch.map(String);
            },
          });
          expect(await Promise.all(inputs.map((input) => batcher.add(input)))).toEqual(inputs.map(String));
          expect(seen).toEqual(inputs);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('forms a batch of all that came while the last one was under way, and adds no wait when idle', async () => {
    const sizes: number[] = [];
    const gates = [deferred<void>(), deferred<void>()];
    const batcher = new Batcher<number, number>({
      batchMax: 100,
      inFlightMax: 1,
      queueMax: 100,
      run: async (batch) => {
        await gates[sizes.push(batch.length) - 1]?.promise;
        return batch;
      },
    });
    const first = batcher.add(1);
    await turn();
    expect(sizes).toEqual([1]);
    const rest = [2, 3, 4].map((input) => batcher.add(input));
    gates[0]?.resolve();
    await first;
    gates[1]?.resolve();
    await Promise.all(rest);
    expect(sizes).toEqual([1, 3]);
  });

  it('lets a batch that is large enough leave in the middle of a turn', async () => {
    const sizes: number[] = [];
    const batcher = new Batcher<number, number>({
      batchMax: 100,
      flushAt: 3,
      inFlightMax: 2,
      queueMax: 100,
      run: async (batch) => {
        sizes.push(batch.length);
        await turn();
        return batch;
      },
    });
    const all = [1, 2].map((input) => batcher.add(input));
    expect(sizes).toEqual([]);
    all.push(batcher.add(3));
    expect(sizes).toEqual([3]);
    all.push(batcher.add(4));
    expect(sizes).toEqual([3]);
    await Promise.resolve();
    expect(sizes).toEqual([3, 1]);
    // As many as allowed are under way: the rest waits, however many they are.
    for (let input = 5; input < 15; input += 1) all.push(batcher.add(input));
    await Promise.all(all);
    expect(sizes).toEqual([3, 1, 10]);
  });

  it('hands a failure to each input of the batch and goes on', async () => {
    let calls = 0;
    const batcher = new Batcher<number, number>({
      batchMax: 2,
      inFlightMax: 1,
      queueMax: 10,
      run: async (batch) => {
        calls += 1;
        if (calls === 1) throw new Error('broken');
        return batch;
      },
    });
    const outcomes = await Promise.allSettled([batcher.add(1), batcher.add(2), batcher.add(3)]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });

  it('refuses what its queue has no room for', async () => {
    const gate = deferred<void>();
    const batcher = new Batcher<number, number>({
      batchMax: 1,
      inFlightMax: 1,
      queueMax: 1,
      run: async (batch) => {
        await gate.promise;
        return batch;
      },
    });
    const first = batcher.add(1);
    await turn();
    const second = batcher.add(2);
    await expect(batcher.add(3)).rejects.toMatchObject({ reason: 'QUEUE_FULL' });
    gate.resolve();
    expect(await Promise.all([first, second])).toEqual([1, 2]);
  });

  it('refuses limits that make no sense', () => {
    const run = async (batch: number[]): Promise<number[]> => batch;
    expect(() => new Batcher({ run, batchMax: 0, inFlightMax: 1, queueMax: 1 })).toThrow('batchMax must be');
    expect(() => new Batcher({ run, batchMax: 1, inFlightMax: 1.5, queueMax: 1 })).toThrow('is 1.5');
    expect(() => new Batcher({ run, batchMax: 5, flushAt: 6, inFlightMax: 1, queueMax: 1 })).toThrow(
      'batchMax 5, is 6',
    );
  });
});

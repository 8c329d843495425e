import { fenceEntry, sampleId } from '@giftmesh/domain-money/testing';
import { gift, numberOf, OPTIONS, PAYERS, poison, setUp, STAR } from './settler-test-kit';

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('Settler', () => {
  it('brings what stands in the log into the ledger, many records in one transaction, up to its limit', async () => {
    const { append, applied, clock, ledger, settler } = setUp();
    await append(...range(1, 19).map((number) => gift(number)));
    settler.start();
    await clock.advanceAsync(0);
    expect(applied()).toEqual(range(1, 19));
    expect(ledger.tried).toEqual([range(1, 8), range(9, 16), range(17, 19)]);
    expect(settler.stats).toEqual({ applied: 19, duplicates: 0, fenced: 0, parked: 0, batches: 3 });
  });

  it('goes on where the ledger stands, and lets those know who wait for it', async () => {
    const { append, applied, clock, log, ledger, positions, settler } = setUp();
    await append(...range(1, 3).map((number) => gift(number)));
    await ledger.apply([{ partition: 0, fromOffset: 0, toOffset: 2, entries: [gift(1), gift(2)], parked: [] }]);
    const barrier = positions.waitFor([{ partition: 0, offset: 3 }]);
    settler.start();
    await clock.advanceAsync(0);
    await barrier;
    expect(applied()).toEqual([1, 2, 3]);
    expect(settler.stats.applied).toBe(1);
    // What is in the ledger is not needed in the log any more.
    await expect(log.read({ partition: 0, offset: 2 }, 1)).rejects.toMatchObject({ startOffset: 3 });
  });

  it('lets those watch who know what travels with its entries, and nobody where nothing does', async () => {
    const watched: unknown[] = [];
    const { append, applied, clock, ledger, settler } = setUp({ recordsMax: 3 }, async (carriers, settle) => {
      watched.push(carriers);
      await settle();
      watched.push('settled');
    });
    const carrying = (number: number) => ({ ...gift(number), carrier: { traceparent: `t${number}` } });
    await append(gift(1), gift(2), gift(3));
    await append(carrying(4), gift(5), carrying(6));
    let failures = 1;
    ledger.trouble = (slices) =>
      slices.some(({ entries }) => entries.some((entry) => numberOf(entry) === 4)) && failures-- > 0
        ? new Error('away')
        : undefined;
    settler.start();
    await clock.advanceAsync(1_000);
    expect(applied()).toEqual(range(1, 6));
    const carriers = [{ traceparent: 't4' }, { traceparent: 't6' }];
    // The ledger was away at first, and the batch came once more.
    expect(watched).toEqual([carriers, carriers, 'settled']);
  });

  it('waits for records to gather, unless somebody waits for the ledger', async () => {
    const { append, applied, clock, positions, settler } = setUp({ intervalMs: 100 });
    settler.start();
    await append(gift(1));
    await clock.advanceAsync(0);
    await append(gift(2));
    await clock.advanceAsync(90);
    expect(applied()).toEqual([1]);
    const barrier = positions.waitFor([{ partition: 0, offset: 2 }]);
    await clock.advanceAsync(5);
    await barrier;
    expect(applied()).toEqual([1, 2]);
  });

  describe('a ledger that is away', () => {
    it('is tried again with all of the batch, for ever, and nothing is parked', async () => {
      const { append, applied, clock, ledger, settler } = setUp();
      ledger.trouble = () => new Error('disk full');
      await append(gift(1), gift(2));
      settler.start();
      for (const tries of [1, 2, 3, 4, 5, 6]) {
        await clock.advanceAsync(0);
        expect(ledger.tried).toEqual(Array.from({ length: tries }, () => [1, 2]));
        expect(settler.failure?.message).toBe('disk full');
        await clock.advanceAsync(OPTIONS.retryDelayMs - 1);
        expect(ledger.tried).toHaveLength(tries);
        await clock.advanceAsync(1);
      }
      ledger.trouble = () => undefined;
      await clock.advanceAsync(OPTIONS.retryDelayMs);
      expect(applied()).toEqual([1, 2]);
      expect(settler.failure).toBeUndefined();
      expect(await ledger.deadLetters(9)).toEqual([]);
    });

    it('while poison is looked for or parked, makes nothing be parked or applied twice', async () => {
      const { append, applied, clock, ledger, settler } = setUp();
      let applies = 0;
      const rejects = poison(3);
      // Away at every second transaction.
      ledger.trouble = (slices) => ((applies += 1) % 2 === 0 ? new Error('away') : rejects(slices));
      await append(...range(1, 6).map((number) => gift(number)));
      settler.start();
      await clock.advanceAsync(20_000);
      // The search for the poison is never carried through: it holds its partition up, and that is told.
      expect(await ledger.deadLetters(9)).toEqual([]);
      expect(applied()).toEqual(range(1, applied().length));
      expect(settler.failure?.message).toBe('away');
      ledger.trouble = rejects;
      await clock.advanceAsync(2_000);
      expect(applied()).toEqual([1, 2, 4, 5, 6]);
      expect(await ledger.deadLetters(9)).toMatchObject([{ offset: 2 }]);
      expect(settler.failure).toBeUndefined();
    });

    it('is no verdict about a record that was rejected before: it is tried from the beginning', async () => {
      const { append, applied, clock, ledger, settler } = setUp();
      const troubles = [poison(1), () => new Error('away'), () => new Error('away')];
      ledger.trouble = (slices) => troubles.shift()?.(slices);
      await append(gift(1));
      settler.start();
      await clock.advanceAsync(10_000);
      expect(applied()).toEqual([1]);
      expect(await ledger.deadLetters(9)).toEqual([]);
    });

    it('and another owner of the partition: goes on from where that one has come to', async () => {
      const { append, applied, clock, ledger, settler } = setUp();
      settler.start();
      await clock.advanceAsync(0);
      await ledger.apply([{ partition: 0, fromOffset: 0, toOffset: 1, entries: [gift(1)], parked: [] }]);
      await append(gift(1), gift(2));
      await clock.advanceAsync(0);
      expect(settler.failure?.name).toBe('PositionConflictError');
      await clock.advanceAsync(OPTIONS.retryDelayMs);
      expect(applied()).toEqual([1, 2]);
      expect(settler.stats).toMatchObject({ applied: 1, duplicates: 0 });
      expect(settler.failure).toBeUndefined();
    });
  });

  describe('a failure', () => {
    it('lasts while there is something to do that failed', async () => {
      const { append, clock, ledger, settler } = setUp();
      ledger.trouble = () => new Error('away');
      await append(gift(1));
      settler.start();
      await clock.advanceAsync(3 * OPTIONS.retryDelayMs);
      expect(settler.failure?.message).toBe('away');
      ledger.trouble = () => undefined;
      await clock.advanceAsync(OPTIONS.retryDelayMs);
      expect(settler.failure).toBeUndefined();
    });

    it('is over when another owner has done it: nothing may come that shows it', async () => {
      const { append, clock, ledger, settler } = setUp();
      ledger.trouble = () => new Error('the partition was lost');
      await append(gift(1), gift(2));
      settler.start();
      await clock.advanceAsync(0);
      expect(settler.failure?.message).toBe('the partition was lost');
      ledger.trouble = () => undefined;
      await ledger.apply([{ partition: 0, fromOffset: 0, toOffset: 2, entries: [gift(1), gift(2)], parked: [] }]);
      await clock.advanceAsync(OPTIONS.retryDelayMs);
      expect(settler.failure).toBeUndefined();
      expect(settler.stats.batches).toBe(0);
    });

    it('is over when the partition is not ours any more', async () => {
      const { append, clock, ledger, log, settler } = setUp();
      const subscribe = jest.spyOn(log, 'subscribe');
      ledger.trouble = () => new Error('away');
      await append(gift(1));
      settler.start();
      await clock.advanceAsync(0);
      const [{ startAt }] = subscribe.mock.calls[0] as Parameters<typeof log.subscribe>;
      await startAt([1]);
      expect(settler.failure).toBeUndefined();
      await settler.close();
    });
  });

  it('stops, and says so, at a position that the log does not hold', async () => {
    const { clock, ledger, settler } = setUp();
    await ledger.apply([{ partition: 0, fromOffset: 0, toOffset: 5, entries: [], parked: [] }]);
    settler.start();
    await clock.advanceAsync(10_000);
    expect(settler.failure?.name).toBe('LogPositionError');
  });

  describe('notices', () => {
    it('tell the counters and names of what was settled', async () => {
      const { append, clock, notices, settler } = setUp();
      await append(gift(1), gift(2, { from: PAYERS[1] }), fenceEntry([0], 1));
      settler.start();
      await clock.advanceAsync(0);
      expect(notices).toHaveLength(1);
      const counters = new Map(notices[0]?.counters.map((account) => [account.userId, account]));
      expect([...counters.keys()].sort()).toEqual([...PAYERS, STAR].sort());
      expect(counters.get(PAYERS[0])).toMatchObject({ debited: 1n, seq: 1 });
      expect(counters.get(PAYERS[1])).toMatchObject({ debited: 1n, seq: 2 });
      expect(counters.get(STAR)).toMatchObject({ credited: 2n });
      expect(notices[0]?.events).toEqual(
        expect.arrayContaining([
          { opUserId: PAYERS[0], eventId: sampleId(1) },
          { opUserId: PAYERS[1], eventId: sampleId(2) },
        ]),
      );
    });

    it('tell of an event again that comes again: the first notice may be the one that got lost', async () => {
      const { append, clock, notices, settler } = setUp();
      await append(gift(1));
      settler.start();
      await clock.advanceAsync(0);
      await append(gift(1));
      await clock.advanceAsync(0);
      expect(notices).toHaveLength(2);
      expect(notices[1]).toMatchObject({ counters: [{ userId: PAYERS[0] }, { userId: STAR, credited: 1n }] });
      expect(notices[1]?.events).toEqual(notices[0]?.events);
      expect(settler.stats).toMatchObject({ applied: 1, duplicates: 1 });
    });

    it('are not sent for nothing', async () => {
      const { append, clock, notices, settler } = setUp();
      await append(fenceEntry([0], 1), gift(1, { isUnreadable: true }));
      settler.start();
      await clock.advanceAsync(0);
      expect(settler.stats.batches).toBe(2);
      expect(notices).toEqual([]);
    });

    it('that can’t be sent hold nothing up', async () => {
      const { append, applied, clock, notices, publish, settler } = setUp();
      publish.fails = true;
      settler.start();
      await append(gift(1));
      await clock.advanceAsync(0);
      publish.fails = false;
      await append(gift(2));
      await clock.advanceAsync(0);
      expect(applied()).toEqual([1, 2]);
      expect(notices).toHaveLength(1);
      expect(settler.failure).toBeUndefined();
    });
  });

  it('applies nothing once it is closed', async () => {
    const { append, applied, clock, settler } = setUp();
    settler.start();
    await append(gift(1));
    await clock.advanceAsync(0);
    await settler.close();
    await append(gift(2));
    await clock.advanceAsync(10_000);
    expect(applied()).toEqual([1]);
    expect(clock.pendingTimers).toBe(0);
  });
});

import { LedgerRejectError, ShardMap, type DecidedEvent, type SettledNotice } from '@giftmesh/domain-money';
import {
  applyAtEnd,
  eventEntry,
  fenceEntry,
  MemoryLedger,
  sampleDecided,
  sampleId,
} from '@giftmesh/domain-money/testing';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { moneyLogCodec } from '@giftmesh/wire-money';
import {
  DEFAULT_DEAD_LETTER_RETRIER_OPTIONS,
  DeadLetterRetrier,
  type DeadLetterRetrierOptions,
} from './dead-letter-retrier';

const SHARDS = new ShardMap(1, 1);
const [ALICE, STAR] = [1n, 9n] as const;
const OPTIONS: DeadLetterRetrierOptions = {
  retries: { firstMs: 1_000, factor: 6, triesMax: 3 },
  lookEveryMs: 500,
  lettersMax: 10,
  triesPerLookMax: 3,
};
const gift = (id: number, generation = 1): DecidedEvent =>
  sampleDecided({ id, from: ALICE, to: STAR, amount: 5n, seq: id, generation });

class StubbornLedger extends MemoryLedger {
  problem: (id: number) => Error | undefined = () => new LedgerRejectError('not yet');
  readonly tried: number[] = [];

  override async replayDeadLetter(id: number, decided: DecidedEvent) {
    this.tried.push(id);
    const error = this.problem(id);
    if (error !== undefined) throw error;
    return super.replayDeadLetter(id, decided);
  }
}

function setUp(options: Partial<DeadLetterRetrierOptions> = {}) {
  const clock = new SimulatedClock();
  const ledger = new StubbornLedger(clock, SHARDS);
  const told: SettledNotice[] = [];
  const notices = {
    publish: async (notice: SettledNotice) => void told.push(notice),
    subscribe: () => async () => undefined,
  };
  const retrier = new DeadLetterRetrier(
    { clock, codec: moneyLogCodec, ledger, notices, shards: SHARDS },
    { ...OPTIONS, ...options },
  );
  const park = async (decided: DecidedEvent | Uint8Array): Promise<void> => {
    const payload = decided instanceof Uint8Array ? decided : moneyLogCodec.encode(eventEntry(decided));
    await applyAtEnd(ledger, [], { parked: [{ offset: 0, reason: 'cannot be', payload }] });
  };
  return { clock, ledger, told, retrier, park };
}

describe('DeadLetterRetrier', () => {
  it('tries a letter at growing ages, as often as it may, and leaves it to the operator then', async () => {
    const { clock, ledger, park, retrier } = setUp();
    retrier.start();
    await clock.advanceAsync(0);
    await park(gift(1));
    const triesAt: number[] = [];
    const startMs = clock.nowMs();
    for (let waited = 0; waited < 200_000; waited += 500) {
      const before = ledger.tried.length;
      await clock.advanceAsync(500);
      if (ledger.tried.length > before) triesAt.push(clock.nowMs() - startMs);
    }
    expect(triesAt).toEqual([1_000, 6_000, 36_000]);
    expect(retrier.stats).toEqual({ letters: 1, givenUp: 1, tries: 3, applied: 0, duplicates: 0, fenced: 0 });
    expect(await ledger.deadLetters(9)).toHaveLength(1);
    await retrier.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it('tries all letters at its start, whatever their age: it may know what the last version did not', async () => {
    const { clock, ledger, park, retrier } = setUp();
    for (const id of [1, 2, 3, 4, 5]) await park(gift(id));
    clock.advance(1e9);
    ledger.problem = () => undefined;
    retrier.start();
    await clock.advanceAsync(0);
    expect(ledger.tried).toEqual([1, 2, 3]);
    await clock.advanceAsync(OPTIONS.lookEveryMs);
    expect(ledger.tried).toEqual([1, 2, 3, 4, 5]);
    expect(await ledger.deadLetters(9)).toEqual([]);
    expect(ledger.snapshot().accounts).toMatchObject([{ debited: 25n }, { credited: 25n }]);
    await retrier.close();
  });

  it('tells stations what it has brought into the ledger', async () => {
    const { clock, ledger, park, retrier, told } = setUp();
    await park(gift(1));
    ledger.problem = () => undefined;
    retrier.start();
    await clock.advanceAsync(0);
    expect(told).toEqual([
      { counters: await ledger.counters([ALICE, STAR]), events: [{ opUserId: ALICE, eventId: sampleId(1) }] },
    ]);
    await clock.advanceAsync(10_000);
    expect(told).toHaveLength(1);
    expect(retrier.stats).toMatchObject({ letters: 0, applied: 1 });
    await retrier.close();
  });

  it('tells stations of letters that somebody else has replayed or dropped', async () => {
    const { clock, ledger, park, retrier, told } = setUp();
    await park(gift(1));
    await park(gift(2));
    retrier.start();
    await clock.advanceAsync(0);
    expect(told).toEqual([]);
    ledger.problem = () => undefined;
    await ledger.replayDeadLetter(1, gift(1));
    await ledger.dropDeadLetter(2, { by: 'ops', why: 'test', decided: gift(2) });
    await clock.advanceAsync(OPTIONS.lookEveryMs);
    expect(told).toEqual([
      { counters: await ledger.counters([ALICE, STAR]), events: [{ opUserId: ALICE, eventId: sampleId(1) }] },
    ]);
    await retrier.close();
  });

  it('tells stations of letters that they rely on although no look has seen them', async () => {
    const { clock, ledger, park, retrier, told } = setUp();
    retrier.start();
    await clock.advanceAsync(0);
    await park(gift(1));
    retrier.watch(1, gift(1));
    ledger.problem = () => undefined;
    await ledger.replayDeadLetter(1, gift(1));
    await clock.advanceAsync(10 * OPTIONS.lookEveryMs);
    expect(told).toMatchObject([{ events: [{ opUserId: ALICE, eventId: sampleId(1) }] }]);
    await retrier.close();
  });

  it('does not take a letter for gone that was parked while it looked', async () => {
    const { ledger, park, retrier, told } = setUp();
    const list = jest.spyOn(ledger, 'deadLetters').mockImplementationOnce(async () => {
      await park(gift(1));
      retrier.watch(1, gift(1));
      return [];
    });
    await retrier.look();
    expect(told).toEqual([]);
    list.mockRestore();
    ledger.problem = () => undefined;
    await ledger.replayDeadLetter(1, gift(1));
    await retrier.look();
    expect(told).toHaveLength(1);
  });

  it('counts what was on record before, and what stood behind a fence', async () => {
    const { clock, ledger, park, retrier } = setUp();
    await applyAtEnd(ledger, [eventEntry(gift(1)), fenceEntry([0], 2)]);
    await park(gift(1, 2));
    await park(gift(2, 1));
    ledger.problem = () => undefined;
    await retrier.look();
    expect(retrier.stats).toMatchObject({ tries: 2, applied: 0, duplicates: 1, fenced: 1 });
    expect(await ledger.deadLetters(9)).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('leaves what it can’t read, and fences, and goes on with others', async () => {
    const { ledger, park, retrier, told } = setUp();
    await park(Uint8Array.of(1, 2, 3));
    await park(moneyLogCodec.encode(fenceEntry([0], 2)));
    await park(gift(1));
    ledger.problem = () => undefined;
    await retrier.look();
    expect((await ledger.deadLetters(9)).map(({ id }) => id)).toEqual([1, 2]);
    expect(told).toHaveLength(1);
  });

  it('counts no try while the ledger is away, and comes again', async () => {
    const { clock, ledger, park, retrier } = setUp();
    await park(gift(1));
    ledger.problem = () => new Error('away');
    retrier.start();
    await clock.advanceAsync(2 * OPTIONS.lookEveryMs);
    expect(ledger.tried).toHaveLength(3);
    expect(retrier.stats.tries).toBe(0);
    await ledger.close();
    await clock.advanceAsync(2 * OPTIONS.lookEveryMs);
    ledger.reopen();
    ledger.problem = () => undefined;
    await clock.advanceAsync(OPTIONS.lookEveryMs);
    expect(retrier.stats).toMatchObject({ tries: 1, applied: 1 });
    await retrier.close();
  });

  it('looks at the oldest letters only', async () => {
    const { ledger, park, retrier } = setUp({ lettersMax: 2 });
    for (const id of [1, 2, 3]) await park(gift(id));
    await retrier.look();
    expect(ledger.tried).toEqual([1, 2]);
    expect(retrier.stats.letters).toBe(2);
  });

  it('tries nothing more once it is closed', async () => {
    const { clock, ledger, park, retrier } = setUp();
    for (const id of [1, 2]) await park(gift(id));
    ledger.problem = () => {
      void retrier.close();
      return new LedgerRejectError('not yet');
    };
    retrier.start();
    await clock.advanceAsync(10_000);
    expect(ledger.tried).toEqual([1]);
  });

  it.each([
    { lookEveryMs: 0 },
    { lettersMax: 0.5 },
    { triesPerLookMax: 0 },
    { retries: { ...OPTIONS.retries, factor: 1 } },
  ])('refuses %j', (wrong) => {
    expect(() => setUp(wrong)).toThrow(RangeError);
    expect(DEFAULT_DEAD_LETTER_RETRIER_OPTIONS.lettersMax).toBe(1_000);
  });
});

import { ShardMap, type DecidedEvent, type Ledger } from '@giftmesh/domain-money';
import {
  applyAtEnd,
  eventEntry,
  fenceEntry,
  MemoryLedger,
  sampleDecided,
  sampleId,
  sampleOrder,
} from '@giftmesh/domain-money/testing';
import { StatusCode } from '@giftmesh/kernel-errors';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { LOOKS_MAX, ParkedEvents } from './parked-events';

const SHARDS = new ShardMap(1, 1);
const [ALICE, BOB, STAR] = [1n, 2n, 9n] as const;
const gift = (id: number, more: Partial<Parameters<typeof sampleDecided>[0]> = {}): DecidedEvent =>
  sampleDecided({ id, from: ALICE, to: STAR, amount: 5n, seq: id, balance: 100n - 5n * BigInt(id), ...more });

function setUp() {
  const ledger = new MemoryLedger(new SimulatedClock(), SHARDS);
  const view = (over: Partial<Ledger> = {}): ParkedEvents =>
    new ParkedEvents({
      ledger: {
        deadLetters: (limit) => ledger.deadLetters(limit),
        load: (...args) => ledger.load(...args),
        decided: (events) => ledger.decided(events),
        ...over,
      },
      codec: moneyLogCodec,
      shards: SHARDS,
    });
  const park = async (decided: DecidedEvent | Uint8Array): Promise<number> => {
    const payload = decided instanceof Uint8Array ? decided : moneyLogCodec.encode(eventEntry(decided));
    await applyAtEnd(ledger, [], { parked: [{ offset: 0, reason: 'cannot be', payload }] });
    return (await ledger.deadLetters(9_999)).at(-1)?.id ?? -1;
  };
  const load = async (userId: bigint, parked = view()) => (await parked.load([userId], 0, 100))[0];
  return { ledger, view, park, load };
}

const key = (id: number, opUserId: bigint = ALICE) => ({ opUserId, eventId: sampleId(id) });

describe('ParkedEvents', () => {
  it('are the ledger’s own words while nothing is parked', async () => {
    const { ledger, load, view } = setUp();
    await ledger.applyOrder(sampleOrder(90, ALICE, 100n));
    await applyAtEnd(ledger, [eventEntry(gift(1))]);
    expect(await load(ALICE)).toEqual((await ledger.load([ALICE], 0, 100))[0]);
    expect(await view().decided([key(1), key(2)])).toEqual(await ledger.decided([key(1), key(2)]));
  });

  it('take what a parked debit paid from its payer, and give nobody anything', async () => {
    const { ledger, load, park } = setUp();
    await ledger.applyOrder(sampleOrder(90, ALICE, 100n));
    await applyAtEnd(ledger, [eventEntry(gift(1)), eventEntry(gift(3))]);
    await park(gift(2));
    await park(gift(4));
    const alice = await load(ALICE);
    expect(alice?.accounts).toEqual([
      { userId: ALICE, assetType: 'coin', credited: 100n, reversed: 0n, debited: 20n, seq: 4 },
    ]);
    expect(alice?.markers.map(({ eventId, opUserBalance }) => [eventId, opUserBalance])).toEqual([
      [sampleId(4), 80n],
      [sampleId(3), 85n],
      [sampleId(2), 90n],
      [sampleId(1), 95n],
    ]);
    expect((await load(STAR))?.accounts).toMatchObject([{ credited: 10n }]);
    expect((await load(BOB))?.accounts).toEqual([]);
  });

  it('know the account of a payer whom the ledger does not know yet', async () => {
    const { load, park } = setUp();
    await park(gift(1));
    expect((await load(ALICE))?.accounts).toMatchObject([{ userId: ALICE, credited: 0n, debited: 5n, seq: 1 }]);
  });

  it('remember a parked refusal, which took nothing', async () => {
    const { load, park } = setUp();
    await park(gift(1, { refused: true }));
    expect(await load(ALICE)).toMatchObject({ accounts: [], markers: [{ outcome: 'insufficient_balance' }] });
  });

  it('answer for a parked event as for one on record: its station has nothing more to do', async () => {
    const { park, view } = setUp();
    await park(gift(1));
    expect(await view().decided([key(1), key(1, BOB), key(2)])).toMatchObject([
      { outcome: 'applied', opUserBalance: 95n },
      undefined,
      undefined,
    ]);
  });

  it('count an event once, however many letters it has, and not when it is on record', async () => {
    const { ledger, load, park } = setUp();
    const id = await park(gift(1));
    await park(gift(1));
    expect((await load(ALICE))?.accounts).toMatchObject([{ debited: 5n }]);
    await ledger.replayDeadLetter(id, gift(1));
    expect((await load(ALICE))?.accounts).toMatchObject([{ debited: 5n, seq: 1 }]);
    expect((await load(ALICE))?.markers).toHaveLength(1);
  });

  it('are named once to whoever watches what stations rely on', async () => {
    const { ledger, park } = setUp();
    const counted: number[] = [];
    const view = new ParkedEvents({ ledger, codec: moneyLogCodec, shards: SHARDS }, (id) => counted.push(id));
    await park(gift(1));
    await park(Uint8Array.of(1, 2, 3));
    await view.decided([key(1)]);
    await park(gift(2));
    await view.load([BOB], 0, 100);
    expect(counted).toEqual([1, 3]);
  });

  it('pass over what can’t be read, what no ledger would take, what is no event, and what stood behind a fence', async () => {
    const { ledger, load, park, view } = setUp();
    await park(Uint8Array.of(1, 2, 3));
    await park(gift(1, { event: { objId: 'x'.repeat(65) } }));
    await park(moneyLogCodec.encode(fenceEntry([0], 2)));
    await applyAtEnd(ledger, [fenceEntry([0], 5)]);
    await park(gift(2, { generation: 4 }));
    expect(await load(ALICE)).toMatchObject({ accounts: [], markers: [] });
    expect(await view().decided([key(1), key(2)])).toEqual([undefined, undefined]);
    await park(gift(3, { generation: 5 }));
    expect((await load(ALICE))?.accounts).toMatchObject([{ debited: 5n }]);
  });

  it('see one moment, although a letter is replayed between any two looks', async () => {
    for (const between of ['load', 'decided'] as const)
      for (const order of ['before', 'after'] as const) {
        const { ledger, load, park, view } = setUp();
        const id = await park(gift(1));
        let calls = 0;
        const meddling = view({
          [between]: async (...args: never[]) => {
            const replay = async (): Promise<unknown> =>
              (calls += 1) === 1 ? ledger.replayDeadLetter(id, gift(1)) : undefined;
            if (order === 'before') await replay();
            const answer: unknown = await (ledger[between] as (...all: never[]) => Promise<unknown>)(...args);
            if (order === 'after') await replay();
            return answer;
          },
        });
        expect((await load(ALICE, meddling))?.accounts).toMatchObject([{ debited: 5n, seq: 1 }]);
        expect((await load(ALICE, meddling))?.markers).toHaveLength(1);
      }
  });

  it('give up when the letters of a user keep changing, and not for those of others', async () => {
    const { ledger, load, park, view } = setUp();
    await park(gift(100));
    let id = 100;
    let from: bigint = ALICE;
    const busy = view({
      load: async (...args) => {
        await park(gift((id += 1), { from }));
        return ledger.load(...args);
      },
    });
    await expect(load(ALICE, busy)).rejects.toMatchObject({ code: StatusCode.UNAVAILABLE, reason: 'DEPENDENCY_AWAY' });
    expect(id).toBe(100 + LOOKS_MAX);
    from = BOB;
    expect((await load(ALICE, busy))?.accounts).toMatchObject([{ debited: 5n * BigInt(1 + LOOKS_MAX) }]);
  });
});

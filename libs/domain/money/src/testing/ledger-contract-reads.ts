import type { Ledger, AssetRecord, RecordCursor } from '../ports/ledger';
import { LedgerRejectError } from '../ports/ledger';
import type { MakeLedger } from './ledger-contract';
import { freshLedger, userIn } from './ledger-contract-harness';
import { applyAtEnd, eventEntry, sampleDecided, sampleId, sampleOrder, SAMPLE_START_MS } from './ledger-samples';

const ALICE = userIn(0, 0);
const BOB = userIn(0, 1);
const STAR = userIn(2, 0);

/** `load`, `decided`, `counters`, `records`. */
export function ledgerReadContract(makeLedger: MakeLedger): void {
  describe('answers what is on record', () => {
    const at = freshLedger(makeLedger);

    test('with the stored answer, in the order of the question', async () => {
      const decided = sampleDecided({ id: 1, from: ALICE, to: STAR, amount: 5n, balance: 95n });
      const refused = sampleDecided({ id: 2, from: ALICE, to: STAR, amount: 500n, balance: 95n, refused: true });
      await applyAtEnd(at.ledger, [eventEntry(decided), eventEntry(refused)]);
      const key = (n: number, opUserId = ALICE) => ({ opUserId, eventId: sampleId(n) });
      expect(await at.ledger.decided([key(2), key(3), key(1), key(1, STAR), key(1, BOB)])).toEqual([
        {
          eventId: sampleId(2),
          outcome: 'insufficient_balance',
          opUserBalance: 95n,
          fingerprint: refused.fingerprint,
        },
        undefined,
        { eventId: sampleId(1), outcome: 'applied', opUserBalance: 95n, fingerprint: decided.fingerprint },
        undefined,
        undefined,
      ]);
      expect(await at.ledger.decided([])).toEqual([]);
    });

    test('orders and reversals are no decided events', async () => {
      await at.ledger.applyOrder(sampleOrder(1, ALICE, 10n));
      await applyAtEnd(at.ledger, [eventEntry(sampleDecided({ id: 2, from: ALICE, to: ALICE, amount: 5n }))]);
      await at.ledger.reverse({ eventId: sampleId(3), originalEventId: sampleId(2), opUserId: ALICE, amount: 0n });
      const keys = [1, 2, 3].map((n) => ({ opUserId: ALICE, eventId: sampleId(n) }));
      expect((await at.ledger.decided(keys)).map((marker) => marker?.outcome)).toEqual([
        undefined,
        'applied',
        undefined,
      ]);
      const [user] = await at.ledger.load([ALICE], 0, 10);
      expect(user?.markers.map(({ eventId }) => eventId)).toEqual([sampleId(2)]);
    });

    test.each([
      ['in upper case', sampleId(1).toUpperCase()],
      ['too long', `${sampleId(1)}0`],
      ['empty', ''],
    ])('an id %s never meets another one', async (_, eventId) => {
      await applyAtEnd(at.ledger, [eventEntry(sampleDecided({ id: 1, from: ALICE, to: STAR }))]);
      await expect(at.ledger.decided([{ opUserId: ALICE, eventId }])).rejects.toThrow(LedgerRejectError);
      await expect(at.ledger.records(STAR, 1, { eventId, opUserId: ALICE, role: 'payee' })).rejects.toThrow(
        LedgerRejectError,
      );
    });

    test('counters of known accounts only', async () => {
      await applyAtEnd(at.ledger, [
        eventEntry(sampleDecided({ id: 1, from: ALICE, to: STAR, amount: 5n })),
        eventEntry(sampleDecided({ id: 2, from: ALICE, to: STAR, amount: 6n, asset: 'diamond' })),
      ]);
      const counters = await at.ledger.counters([STAR, BOB]);
      expect(counters).toHaveLength(2);
      expect(counters.map(({ assetType, credited }) => `${assetType} ${credited}`).sort()).toEqual([
        'coin 5',
        'diamond 6',
      ]);
      expect(await at.ledger.counters([])).toEqual([]);
    });
  });

  describe('loads users', () => {
    const at = freshLedger(makeLedger);
    const at1 = (n: number): number => SAMPLE_START_MS + n;
    const give = (ids: readonly (number | string)[]) =>
      ids.map((id, index) => eventEntry(sampleDecided({ id, from: ALICE, to: STAR, amount: 1n, seq: index + 1 })));

    test('accounts and decided events of their own, unknown users too', async () => {
      await at.ledger.applyOrder(sampleOrder(9, ALICE, 10n));
      await applyAtEnd(at.ledger, [
        ...give([1, 2]),
        eventEntry(sampleDecided({ id: 3, from: ALICE, to: STAR, refused: true, balance: 0n })),
        eventEntry(sampleDecided({ id: 4, from: BOB, to: ALICE, amount: 3n })),
      ]);
      const [star, unknown, alice] = await at.ledger.load([STAR, 424242n, ALICE], 0, 10);
      expect(star).toMatchObject({ userId: STAR, markers: [], markersSinceMs: 0 });
      expect(unknown).toEqual({ userId: 424242n, accounts: [], markers: [], markersSinceMs: 0 });
      expect(alice?.accounts).toEqual([
        { userId: ALICE, assetType: 'coin', credited: 13n, reversed: 0n, debited: 2n, seq: 2 },
      ]);
      expect(alice?.markers.map(({ eventId, outcome }) => [eventId, outcome])).toEqual([
        [sampleId(3), 'insufficient_balance'],
        [sampleId(2), 'applied'],
        [sampleId(1), 'applied'],
      ]);
    });

    test('only events that are young enough', async () => {
      await applyAtEnd(at.ledger, give([1, 2, 3]));
      const [user] = await at.ledger.load([ALICE], at1(2), 10);
      expect(user?.markers.map(({ eventId }) => eventId)).toEqual([sampleId(3), sampleId(2)]);
      expect(user?.markersSinceMs).toBe(at1(2));
      const [none] = await at.ledger.load([ALICE], at1(4), 10);
      expect(none).toMatchObject({ markers: [], markersSinceMs: at1(4) });
    });

    test('cut to the newest, and says since when it is complete', async () => {
      await applyAtEnd(at.ledger, give([1, 2, 3, 4]));
      const [exact] = await at.ledger.load([ALICE], 0, 4);
      expect(exact).toMatchObject({ markersSinceMs: 0 });
      const [cut] = await at.ledger.load([ALICE], 0, 2);
      expect(cut?.markers.map(({ eventId }) => eventId)).toEqual([sampleId(4), sampleId(3)]);
      expect(cut?.markersSinceMs).toBe(at1(2) + 1);
      const [none] = await at.ledger.load([ALICE], 0, 0);
      expect(none).toMatchObject({ markers: [], markersSinceMs: at1(4) + 1 });
    });

    test('cut between two ids of one millisecond: that millisecond is not complete', async () => {
      await applyAtEnd(at.ledger, give([sampleId(1, at1(7)), sampleId(2, at1(7)), sampleId(3, at1(7))]));
      const [cut] = await at.ledger.load([ALICE], at1(7), 2);
      expect(cut?.markers).toHaveLength(2);
      expect(cut?.markersSinceMs).toBe(at1(7) + 1);
    });

    test.each([Number.NaN, Number.POSITIVE_INFINITY])('since %d is refused', async (sinceMs) => {
      await expect(at.ledger.load([ALICE], sinceMs, 10)).rejects.toThrow(RangeError);
    });

    test.each([-1, 0.5, Number.NaN])('at most %d markers is refused', async (markersMax) => {
      await expect(at.ledger.load([ALICE], 0, markersMax)).rejects.toThrow(RangeError);
    });
  });

  describe('lists records', () => {
    const at = freshLedger(makeLedger);

    test('with all fields, of both sides', async () => {
      at.clock.advance(77);
      const event = { quantity: 3, objId: 'rose', bizId: 17n } as const;
      await applyAtEnd(at.ledger, [
        eventEntry(sampleDecided({ id: 1, from: ALICE, to: STAR, amount: 5n, balance: 95n, event })),
      ]);
      const common = {
        eventId: sampleId(1),
        opUserId: ALICE,
        eventType: 'interact_gift',
        bizId: 17n,
        bizType: 'live',
        objId: 'rose',
        quantity: 3,
        assetType: 'coin',
        appliedAtMs: at.clock.nowMs(),
      };
      expect(await at.ledger.records(ALICE, 10)).toEqual([
        { ...common, userId: ALICE, role: 'payer', incr: -5n, counterpartUserId: STAR, balanceAfter: 95n },
      ]);
      expect(await at.ledger.records(STAR, 10)).toEqual([
        { ...common, userId: STAR, role: 'payee', incr: 5n, counterpartUserId: ALICE, balanceAfter: undefined },
      ]);
    });

    test('without a counterpart for several payees or none', async () => {
      const payees = [
        [STAR, 5n],
        [BOB, 6n],
      ] as const;
      await applyAtEnd(at.ledger, [
        eventEntry(sampleDecided({ id: 1, from: ALICE, to: payees })),
        eventEntry(sampleDecided({ id: 2, from: ALICE, to: [], amount: 9n, seq: 2 })),
      ]);
      expect(await at.ledger.records(ALICE, 10)).toMatchObject([
        { eventType: 'withdrawal', incr: -9n, counterpartUserId: 0n },
        { eventType: 'interact_gift', incr: -11n, counterpartUserId: 0n },
      ]);
      expect(await at.ledger.records(BOB, 10)).toMatchObject([{ incr: 6n, counterpartUserId: ALICE }]);
    });

    test('newest first, page by page, each once', async () => {
      await mixedHistory(at.ledger);
      const whole = await at.ledger.records(ALICE, 1000);
      expect(whole).toHaveLength(45);
      const ids = whole.map(({ eventId }) => eventId);
      expect(ids).toEqual([...ids].sort().reverse());
      for (const limit of [1, 2, 7, 44, 45, 46]) expect(await allPages(at.ledger, limit)).toEqual(whole);
    });

    test('pages don’t move when newer records come in between', async () => {
      await mixedHistory(at.ledger);
      const whole = await at.ledger.records(ALICE, 1000);
      let n = 1000;
      const seen = await allPages(at.ledger, 7, async () => {
        n += 1;
        await applyAtEnd(at.ledger, [
          eventEntry(sampleDecided({ id: n, from: ALICE, to: STAR, seq: n })),
          eventEntry(sampleDecided({ id: n, from: BOB, to: ALICE, seq: n })),
        ]);
      });
      expect(seen).toEqual(whole);
    });

    test('a page may begin behind a record that isn’t there', async () => {
      await mixedHistory(at.ledger);
      const whole = await at.ledger.records(ALICE, 1000);
      const cursor = { eventId: sampleId(30, SAMPLE_START_MS + 7), opUserId: 1n << 40n, role: 'payer' } as const;
      const older = whole.filter(({ eventId }) => eventId < cursor.eventId);
      expect(older.length).toBeGreaterThan(0);
      expect(await at.ledger.records(ALICE, 1000, cursor)).toEqual(older);
    });

    test('nothing of users without any', async () => {
      expect(await at.ledger.records(ALICE, 10)).toEqual([]);
      expect(await at.ledger.records(ALICE, 10, { eventId: sampleId(1), opUserId: ALICE, role: 'payer' })).toEqual([]);
    });

    test.each([0, -1, 0.5, Number.NaN])('a page of %d is refused', async (limit) => {
      await expect(at.ledger.records(ALICE, limit)).rejects.toThrow(RangeError);
    });
  });
}

/** Gifts from ALICE, to her, by her to herself, from several users under the same id, refusals and an order: 45 records of hers. */
async function mixedHistory(ledger: Ledger): Promise<void> {
  await ledger.applyOrder(sampleOrder(500, ALICE, 1000n));
  const entries = [];
  for (let n = 1; n <= 11; n += 1) {
    const seq = 3 * n;
    entries.push(
      eventEntry(sampleDecided({ id: n, from: ALICE, to: STAR, seq })),
      eventEntry(sampleDecided({ id: n, from: BOB, to: ALICE, seq: n })),
      eventEntry(sampleDecided({ id: n, from: STAR, to: ALICE, seq: n })),
      eventEntry(sampleDecided({ id: n + 100, from: ALICE, to: STAR, refused: true })),
    );
    if (n % 2 === 0) entries.push(eventEntry(sampleDecided({ id: n + 200, from: ALICE, to: ALICE, seq: seq + 1 })));
  }
  entries.push(eventEntry(sampleDecided({ id: 300, from: ALICE, to: STAR, seq: 100 })));
  await applyAtEnd(ledger, entries);
}

async function allPages(ledger: Ledger, limit: number, between?: () => Promise<void>): Promise<AssetRecord[]> {
  const seen: AssetRecord[] = [];
  let after: RecordCursor | undefined;
  for (;;) {
    const page = await ledger.records(ALICE, limit, after);
    seen.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < limit) return seen;
    after = { eventId: last.eventId, opUserId: last.opUserId, role: last.role };
    await between?.();
  }
}

import { common } from '@giftmesh/contract';
import { StoreLostError, type DebitRequest, type DebitResult } from '@giftmesh/domain-money';
import { sampleCounters, sampleId } from '@giftmesh/domain-money/testing';
import { DEFAULT_EVENT_DECIDER_OPTIONS } from './event-decider';
import { ALICE, BOB, message, MOON, NOW_MS, setUp, STAR, WINDOW } from './test-kit/kit';
import { decidedBefore, decidedNow, entryOf } from './test-kit/scripted-store';

const { EventOutcome } = common;
const BUDGET_MS = 1_000;
const OLD_ID = sampleId(1, NOW_MS - WINDOW.pastMs - 1);

/** Answers of one event, one a round. */
const inTurn = (...answers: readonly ((request: DebitRequest) => DebitResult)[]) => {
  const left = [...answers];
  return (request: DebitRequest): DebitResult => (left.length > 1 ? left.shift() : left[0])!(request);
};

describe('EventDecider', () => {
  describe('decides', () => {
    it('a gift, and answers when it is durable', async () => {
      const { decider, log, store } = setUp();
      store.answer = (request) => decidedNow(request);
      expect(await decider.decide([message({ id: 1 })], BUDGET_MS)).toEqual([
        { eventId: sampleId(1), outcome: EventOutcome.APPLIED, opUserBalance: 70n, duplicate: false, message: '' },
      ]);
      expect(await log.durable()).toEqual([sampleId(1)]);
      expect(store.requests).toMatchObject([{ nowMs: NOW_MS, executable: true, refusalIsFinal: false }]);
    });

    it('nothing that is not durable: no answer before the log has it', async () => {
      const { clock, decider, log, store } = setUp();
      store.answer = (request) => decidedNow(request);
      log.trouble = () => {
        throw new Error('disk full');
      };
      const answer = decider.decide([message({ id: 1 })], BUDGET_MS);
      await clock.advanceAsync(BUDGET_MS);
      expect(await answer).toMatchObject([{ outcome: EventOutcome.UNKNOWN, opUserBalance: 0n }]);
    });

    it('a gift to several as one debit, durable as one event', async () => {
      const { decider, log, store } = setUp();
      store.answer = (request) => decidedNow(request);
      const payees = [
        [STAR, 20n],
        [MOON, 9n],
        [ALICE, 1n],
      ] as const;
      expect(await decider.decide([message({ id: 1, to: payees })], BUDGET_MS)).toMatchObject([
        { outcome: EventOutcome.APPLIED },
      ]);
      expect(store.requests).toHaveLength(1);
      expect(store.requests[0]?.event).toMatchObject({
        opUserChange: { userId: ALICE, incr: -30n },
        toUserChanges: payees.map(([userId, incr]) => ({ userId, incr })),
      });
      expect(await log.durable()).toEqual([sampleId(1)]);
    });

    it('a batch in one call of the store and one answer each, in order', async () => {
      const { decider, store } = setUp();
      store.answer = (request) =>
        request.event.opUserId === BOB ? decidedNow(request, 'insufficient_balance') : decidedNow(request);
      const results = await decider.decide(
        [message({ id: 1 }), message({ id: 2, from: BOB }), message({ id: 3, amount: -1n }), message({ id: 4 })],
        BUDGET_MS,
      );
      expect(results.map(({ eventId }) => eventId)).toEqual([1, 2, 3, 4].map((id) => sampleId(id)));
      expect(results.map(({ outcome }) => outcome)).toEqual([
        EventOutcome.APPLIED,
        EventOutcome.INSUFFICIENT_BALANCE,
        EventOutcome.INVALID,
        EventOutcome.APPLIED,
      ]);
      expect(store.callsOf('debit')).toHaveLength(1);
    });
  });

  describe('a repetition', () => {
    it('gets the first answer, at once when the ledger has it', async () => {
      const { decider, log, store } = setUp();
      store.answer = (request) => decidedBefore(request);
      expect(await decider.decide([message({ id: 1 })], BUDGET_MS)).toMatchObject([
        { outcome: EventOutcome.APPLIED, opUserBalance: 70n, duplicate: true },
      ]);
      expect(await log.durable()).toEqual([]);
    });

    it('of a decision that is on its way waits until that is durable', async () => {
      const { decider, log, store } = setUp();
      store.answer = (request) => decidedBefore(request, entryOf(request, 'insufficient_balance'));
      expect(await decider.decide([message({ id: 1 })], BUDGET_MS)).toMatchObject([
        { outcome: EventOutcome.INSUFFICIENT_BALANCE, duplicate: true },
      ]);
      expect(await log.durable()).toEqual([sampleId(1)]);
    });

    it('with another content is refused, once the other content is durable', async () => {
      const { clock, decider, log, store } = setUp();
      store.answer = (request) => ({ kind: 'reused', pending: entryOf(request, 'applied', { fingerprint: 5n }) });
      log.trouble = () => {
        throw new Error('disk full');
      };
      const early = decider.decide([message({ id: 1 })], 10);
      await clock.advanceAsync(10);
      expect(await early).toMatchObject([{ outcome: EventOutcome.UNKNOWN }]);
      log.trouble = () => undefined;
      const answer = decider.decide([message({ id: 1 })], BUDGET_MS);
      await clock.advanceAsync(100);
      expect(await answer).toMatchObject([
        { outcome: EventOutcome.EVENT_ID_REUSED, opUserBalance: 0n, duplicate: true },
      ]);
      expect(await log.durable()).toEqual([sampleId(1)]);
    });

    it('with another content is refused at once when the ledger has the other', async () => {
      const { decider, store } = setUp();
      store.answer = () => ({ kind: 'reused', pending: undefined });
      expect(await decider.decide([message({ id: 1 })], BUDGET_MS)).toMatchObject([
        { outcome: EventOutcome.EVENT_ID_REUSED, opUserBalance: 0n },
      ]);
    });
  });

  describe('an event older than the markers', () => {
    it('is answered from the record, or refused if its content was another', async () => {
      const { decider, ledger, store } = setUp();
      store.answer = () => ({ kind: 'ask_ledger', asOf: 3 });
      ledger.counters = [sampleCounters(ALICE, 100n)];
      for (const fingerprintOff of [0n, 1n]) {
        ledger.onRecord = ({ eventId }) => ({
          ...{ eventId, outcome: 'applied', opUserBalance: 40n },
          fingerprint: (store.requests.at(-1)?.fingerprint ?? 0n) ^ fingerprintOff,
        });
        expect(await decider.decide([message({ id: 1 })], BUDGET_MS)).toMatchObject([
          fingerprintOff === 0n
            ? { outcome: EventOutcome.APPLIED, opUserBalance: 40n, duplicate: true }
            : { outcome: EventOutcome.EVENT_ID_REUSED, opUserBalance: 0n },
        ]);
      }
      expect(ledger.checks[0]).toMatchObject({
        events: [{ opUserId: ALICE, eventId: sampleId(1) }],
        behindBarrier: false,
      });
      expect(store.callsOf('merge')[0]?.of).toMatchObject([{ userId: ALICE, credited: 100n }]);
    });

    it('that is not on record is decided, with what the ledger was asked as of', async () => {
      const { decider, store } = setUp();
      store.answer = inTurn(() => ({ kind: 'ask_ledger', asOf: 3 }), decidedNow);
      expect(await decider.decide([message({ id: 1 })], BUDGET_MS)).toMatchObject([{ outcome: EventOutcome.APPLIED }]);
      expect(store.requests.map(({ absentAsOf }) => absentAsOf)).toEqual([undefined, 3]);
    });

    it('and than the window is never decided: on record behind the barrier, or expired', async () => {
      const { decider, ledger, store } = setUp();
      store.answer = () => ({ kind: 'ask_ledger', asOf: 3 });
      expect(await decider.decide([message({ id: OLD_ID })], BUDGET_MS)).toMatchObject([
        { outcome: EventOutcome.EVENT_ID_EXPIRED, opUserBalance: 0n, duplicate: false },
      ]);
      expect(store.requests).toMatchObject([{ executable: false }]);
      expect(ledger.checks).toMatchObject([{ behindBarrier: true }]);
      ledger.onRecord = ({ eventId }) => ({
        ...{ eventId, outcome: 'insufficient_balance', opUserBalance: 4n },
        fingerprint: store.requests[0]?.fingerprint ?? 0n,
      });
      expect(await decider.decide([message({ id: OLD_ID })], BUDGET_MS)).toMatchObject([
        { outcome: EventOutcome.INSUFFICIENT_BALANCE, opUserBalance: 4n, duplicate: true },
      ]);
    });
  });

  describe('a balance that does not cover it', () => {
    it('is asked about at the ledger once, before the refusal is final and durable', async () => {
      const { decider, ledger, log, store } = setUp();
      store.answer = (request) =>
        request.refusalIsFinal ? decidedNow(request, 'insufficient_balance') : { kind: 'insufficient', balance: 70n };
      const messages = [message({ id: 1 }), message({ id: 2 })];
      expect(await decider.decide(messages, BUDGET_MS)).toMatchObject(
        messages.map(() => ({ outcome: EventOutcome.INSUFFICIENT_BALANCE, opUserBalance: 70n })),
      );
      expect(ledger.loads).toEqual([[ALICE]]);
      expect(await log.durable()).toEqual([sampleId(1), sampleId(2)]);
      // Asked just now: not again.
      await decider.decide([message({ id: 3 })], BUDGET_MS);
      expect(ledger.loads).toHaveLength(1);
    });

    it('is no refusal when the ledger knows of credits that the store has not heard of', async () => {
      const { decider, ledger, store } = setUp();
      store.answer = (request) =>
        ledger.loads.length === 0 ? { kind: 'insufficient', balance: 0n } : decidedNow(request);
      expect(await decider.decide([message({ id: 1 })], BUDGET_MS)).toMatchObject([{ outcome: EventOutcome.APPLIED }]);
    });
  });

  it('loads users who are not in place, each once, and lets others not wait for them in the store', async () => {
    const { decider, ledger, store } = setUp();
    store.answer = (request) => (store.inPlace.has(request.event.opUserId) ? decidedNow(request) : { kind: 'miss' });
    store.inPlace.add(BOB);
    const messages = [message({ id: 1 }), message({ id: 2, from: BOB }), message({ id: 3 })];
    expect((await decider.decide(messages, BUDGET_MS)).map(({ outcome }) => outcome)).toEqual(
      messages.map(() => EventOutcome.APPLIED),
    );
    expect(ledger.loads).toEqual([[ALICE]]);
    expect(store.requests.map(({ event }) => event.eventId)).toEqual([1, 2, 3, 1, 3].map((id) => sampleId(id)));
  });

  it('asks the ledger, and says what that says, when the store was recovered before the answer', async () => {
    const { decider, ledger, store } = setUp();
    store.answer = (request) => {
      store.generation = 2;
      return decidedNow(request);
    };
    expect(await decider.decide([message({ id: 1 })], BUDGET_MS)).toMatchObject([{ outcome: EventOutcome.UNKNOWN }]);
    expect(ledger.checks).toMatchObject([{ behindBarrier: true }]);
    ledger.onRecord = ({ eventId }) => ({
      ...{ eventId, outcome: 'applied', opUserBalance: 40n },
      fingerprint: store.requests[0]?.fingerprint ?? 0n,
    });
    expect(await decider.decide([message({ id: 1 })], BUDGET_MS)).toMatchObject([
      { outcome: EventOutcome.APPLIED, opUserBalance: 40n },
    ]);
  });

  it('recovers a store that has lost something, and goes on', async () => {
    const { decider, log, store } = setUp();
    store.lost = [0, 1];
    store.failing.set('debit', new StoreLostError([0]));
    store.answer = (request) => decidedNow(request, 'applied', { generation: store.generation });
    expect(await decider.decide([message({ id: 1 })], BUDGET_MS)).toMatchObject([{ outcome: EventOutcome.APPLIED }]);
    expect(store.callsOf('raiseGeneration', 'open').map(({ method }) => method)).toEqual(['raiseGeneration', 'open']);
    const durable = await log.durable();
    expect(durable).toContain('fence');
    expect(durable).toContain(sampleId(1));
  });

  describe('leaves UNKNOWN', () => {
    const unknown = [{ outcome: EventOutcome.UNKNOWN, opUserBalance: 0n, duplicate: false, message: '' }];

    it('what a full outbox has no room for', async () => {
      const { decider, store } = setUp();
      store.answer = () => ({ kind: 'backlog' });
      expect(await decider.decide([message({ id: 1 })], BUDGET_MS)).toMatchObject(unknown);
    });

    it('what comes back to the store too often', async () => {
      const { decider, store } = setUp();
      store.answer = () => ({ kind: 'miss' });
      expect(await decider.decide([message({ id: 1 })], BUDGET_MS)).toMatchObject(unknown);
      expect(store.callsOf('debit')).toHaveLength(DEFAULT_EVENT_DECIDER_OPTIONS.roundsMax);
    });

    it('what needs a ledger or a store that is away', async () => {
      const { decider, ledger, store } = setUp();
      store.answer = () => ({ kind: 'miss' });
      ledger.trouble = () => {
        throw new Error('away');
      };
      expect(await decider.decide([message({ id: 1 })], BUDGET_MS)).toMatchObject(unknown);
      store.failing.set('debit', new Error('away'));
      expect(await decider.decide([message({ id: 1 })], BUDGET_MS)).toMatchObject(unknown);
    });

    it.each([
      [50, 50],
      [Infinity, DEFAULT_EVENT_DECIDER_OPTIONS.decideMaxMs],
      [-5, 0],
    ])('what is undecided when a budget of %d ms is over, after %d ms', async (budgetMs, afterMs) => {
      const { clock, decider, log, store } = setUp();
      store.answer = (request) => decidedNow(request);
      log.trouble = () => {
        throw new Error('disk full');
      };
      let isOver = false;
      const answer = decider.decide([message({ id: 1 })], budgetMs).finally(() => (isOver = true));
      if (afterMs > 0) {
        await clock.advanceAsync(afterMs - 1);
        expect(isOver).toBe(false);
      }
      await clock.advanceAsync(1);
      expect(isOver).toBe(true);
      expect(await answer).toMatchObject(unknown);
      // What is decided later does not change an answer that was given.
      log.trouble = () => undefined;
      await clock.advanceAsync(5_000);
      expect(await log.durable()).toEqual([sampleId(1)]);
      expect(await answer).toMatchObject(unknown);
    });
  });
});

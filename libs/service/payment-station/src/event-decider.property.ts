import fc from 'fast-check';
import { common } from '@giftmesh/contract';
import { eventProblems, placeInWindow, type DebitRequest, type DebitResult } from '@giftmesh/domain-money';
import { sampleId } from '@giftmesh/domain-money/testing';
import { eventToProto } from '@giftmesh/wire-money';
import { ALICE, BOB, eventOf, MOON, NOW_MS, setUp, STAR, WINDOW } from './test-kit/kit';
import { decidedBefore, decidedNow, entryOf } from './test-kit/scripted-store';

const { EventOutcome } = common;

/** Events of which about half can't be, each for a reason of its own. */
const event = fc
  .record({
    from: fc.constantFrom(ALICE, BOB),
    payees: fc.uniqueArray(fc.constantFrom(STAR, MOON, ALICE), { maxLength: 3 }),
    amount: fc.bigInt({ min: 1n, max: 10n }),
    ageMs: fc.constantFrom(0, WINDOW.pastMs, WINDOW.pastMs + 1, -WINDOW.futureMs, -WINDOW.futureMs - 1),
    fault: fc.constantFrom('none', 'none', 'none', 'amount', 'object', 'payer'),
  })
  .map(({ from, payees, amount, ageMs, fault }) => ({ from, payees, amount, ageMs, fault }));

/** What the store says to an event, round by round; the last for ever. All that the port allows may come in any order. */
const KINDS = ['now', 'refused', 'before', 'on its way', 'reused', 'miss', 'ask', 'insufficient', 'backlog'] as const;
const answers = fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 8 });

function answerOf(kind: (typeof KINDS)[number], request: DebitRequest): DebitResult {
  switch (kind) {
    case 'now':
      return decidedNow(request);
    case 'refused':
      return decidedNow(request, 'insufficient_balance');
    case 'before':
      return decidedBefore(request);
    case 'on its way':
      return decidedBefore(request, entryOf(request));
    case 'reused':
      return { kind: 'reused', pending: entryOf(request, 'applied', { fingerprint: request.fingerprint ^ 1n }) };
    case 'miss':
      return { kind: 'miss' };
    case 'ask':
      return { kind: 'ask_ledger', asOf: 1 };
    case 'insufficient':
      return { kind: 'insufficient', balance: 0n };
    case 'backlog':
      return { kind: 'backlog' };
  }
}

describe('EventDecider', () => {
  it('answers each event once, in order: invalid ones unseen by the store, decided ones when they are durable', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(event, answers), { minLength: 1, maxLength: 12 }), async (cases) => {
        const { decider, log, store } = setUp();
        const events = cases.map(([{ from, payees, amount, ageMs, fault }], index) =>
          eventOf({
            id: sampleId(index, NOW_MS - ageMs),
            from,
            to: payees.map((userId) => [userId, amount] as const),
            amount,
            event: {
              ...(fault === 'object' ? { objId: 'x'.repeat(65) } : {}),
              ...(fault === 'payer' ? { opUserId: 5n } : {}),
              ...(fault === 'amount' ? { opUserChange: { userId: from, assetType: 'coin', incr: -1_000n } } : {}),
            },
          }),
        );
        const lastAnswers = new Map<string, DebitResult>();
        const left = new Map(events.map(({ eventId }, index) => [eventId, [...(cases[index]?.[1] ?? [])]]));
        store.answer = (request) => {
          const kinds = left.get(request.event.eventId) ?? [];
          const kind = (kinds.length > 1 ? kinds.shift() : kinds[0]) ?? 'backlog';
          const answer = answerOf(kind, request);
          lastAnswers.set(request.event.eventId, answer);
          return answer;
        };
        const results = await decider.decide(events.map(eventToProto), 1_000);
        expect(results.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => eventId));

        const durable = await log.durable();
        expect(new Set(durable).size).toBe(durable.length);
        results.forEach(({ outcome, eventId, opUserBalance, duplicate, message }, index) => {
          const sent = events[index] as (typeof events)[number];
          const isInvalid = eventProblems(sent).length > 0 || placeInWindow(sent.eventId, NOW_MS, WINDOW) === 'future';
          expect(outcome === EventOutcome.INVALID).toBe(isInvalid);
          expect(message === '').toBe(!isInvalid);
          const last = lastAnswers.get(eventId);
          expect(last === undefined).toBe(isInvalid);
          if (last === undefined) return;
          // The ledger has nothing on record here, so what is told is what the store said last.
          switch (outcome) {
            case EventOutcome.APPLIED:
            case EventOutcome.INSUFFICIENT_BALANCE: {
              if (last.kind !== 'decided') throw new Error(`answered, but the store said ${last.kind}`);
              expect({ opUserBalance, duplicate }).toEqual({ opUserBalance: 70n, duplicate: last.duplicate });
              expect(outcome === EventOutcome.APPLIED).toBe(last.marker.outcome === 'applied');
              if (last.pending !== undefined) expect(durable).toContain(eventId);
              break;
            }
            case EventOutcome.EVENT_ID_REUSED:
              expect(last.kind).toBe('reused');
              expect(durable).toContain(eventId);
              break;
            case EventOutcome.EVENT_ID_EXPIRED:
              expect(last.kind).toBe('ask_ledger');
              expect(placeInWindow(eventId, NOW_MS, WINDOW)).toBe('expired');
              expect(durable).not.toContain(eventId);
              break;
            default:
              expect(outcome).toBe(EventOutcome.UNKNOWN);
              expect(['miss', 'ask_ledger', 'insufficient', 'backlog']).toContain(last.kind);
              expect(durable).not.toContain(eventId);
          }
        });
      }),
      { numRuns: 300 },
    );
  });
});

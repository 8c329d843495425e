import fc from 'fast-check';
import { formatDeadlineStamp, parseDeadlineStamp } from './deadline-stamp';
import { incomingTimeout, type IncomingLimits } from './incoming-timeout-decider';
import { outgoingTimeout } from './outgoing-timeout-decider';

const limit = fc.oneof(fc.double({ min: -1_000, max: 1e7, noNaN: true }), fc.constant(Infinity));
const NOW = Date.UTC(2026, 0, 1);

describe('outgoingTimeout', () => {
  it('is never negative, never more than any limit, and one of them', () => {
    fc.assert(
      fc.property(limit, limit, limit, fc.double({ min: 0, max: 100, noNaN: true }), (own, method, caller, reserve) => {
        const timeoutMs = outgoingTimeout({
          ownTimeoutMs: own,
          methodDeadlineMs: method,
          callerRemainingMs: caller,
          reserveMs: reserve,
        });
        const limits = [own, method, caller - reserve];
        expect(timeoutMs).toBeGreaterThanOrEqual(0);
        expect(limits.every((one) => timeoutMs <= Math.max(0, one))).toBe(true);
        expect([0, ...limits]).toContain(timeoutMs);
        expect(timeoutMs === 0).toBe(Math.min(...limits) <= 0);
      }),
    );
  });

  it('shrinks along a chain of calls by at least the reserve a hop', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 10_000, noNaN: true }), fc.array(fc.nat(200)), (first, spentMs) => {
        let remainingMs = first;
        for (const spent of spentMs) {
          const timeoutMs = outgoingTimeout({
            ownTimeoutMs: Infinity,
            methodDeadlineMs: 5_000,
            callerRemainingMs: Math.max(0, remainingMs - spent),
            reserveMs: 5,
          });
          expect(timeoutMs).toBeLessThanOrEqual(Math.max(0, remainingMs - spent - 5));
          remainingMs = timeoutMs;
        }
      }),
    );
  });
});

describe('incomingTimeout', () => {
  const limits = fc.record<IncomingLimits>({
    callerTimeoutMs: limit,
    stampUnixMs: fc.oneof(fc.constant(undefined), fc.nat(), fc.integer({ min: NOW - 1e7, max: NOW + 1e7 })),
    nowUnixMs: fc.integer({ min: NOW - 1e6, max: NOW + 1e6 }),
    methodDeadlineMs: limit,
    queueingMsMax: fc.nat(10_000),
  });

  it('never lengthens a call, whatever the stamp says', () => {
    fc.assert(
      fc.property(limits, (given) => {
        const without = incomingTimeout({ ...given, stampUnixMs: undefined });
        const timeoutMs = incomingTimeout(given);
        expect(timeoutMs).toBeLessThanOrEqual(without);
        expect(timeoutMs).toBeGreaterThanOrEqual(0);
        expect(timeoutMs).toBeLessThanOrEqual(Math.max(0, given.methodDeadlineMs));
      }),
    );
  });

  it('never takes away more than the queueing that is believed', () => {
    fc.assert(
      fc.property(limits, (given) => {
        const lost = given.callerTimeoutMs - incomingTimeout({ ...given, methodDeadlineMs: Infinity });
        if (given.callerTimeoutMs > 0 && given.callerTimeoutMs !== Infinity) {
          expect(lost).toBeLessThanOrEqual(given.queueingMsMax + 1e-6);
        }
      }),
    );
  });

  it('gives back exactly the wait before the server when the clocks agree', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60_000 }), fc.nat(5_000), (timeoutMs, queuedMs) => {
        const left = incomingTimeout({
          callerTimeoutMs: timeoutMs,
          stampUnixMs: NOW + timeoutMs,
          nowUnixMs: NOW + queuedMs,
          methodDeadlineMs: Infinity,
          queueingMsMax: 5_000,
        });
        expect(left).toBe(Math.max(0, timeoutMs - queuedMs));
      }),
    );
  });

  it.each([
    ['the stamp is further in the future than the timeout allows', NOW + 1_001],
    ['the stamp shows a wait that no queue explains', NOW + 1_000 - 5_001],
    ['the stamp is from 1970', 0],
  ])('ignores the stamp when %s', (_why, stampUnixMs) => {
    expect(
      incomingTimeout({
        callerTimeoutMs: 1_000,
        stampUnixMs,
        nowUnixMs: NOW,
        methodDeadlineMs: Infinity,
        queueingMsMax: 5_000,
      }),
    ).toBe(1_000);
  });

  it('ignores a stamp without a timeout to check it against, and all stamps when queueing is never believed', () => {
    const given = { stampUnixMs: NOW + 10, nowUnixMs: NOW, methodDeadlineMs: Infinity };
    expect(incomingTimeout({ ...given, callerTimeoutMs: Infinity, queueingMsMax: 5_000 })).toBe(Infinity);
    expect(incomingTimeout({ ...given, callerTimeoutMs: 20, queueingMsMax: 0 })).toBe(20);
  });
});

describe('the deadline stamp', () => {
  it('is read back, rounded up', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e14, noNaN: true }), (unixMs) => {
        expect(parseDeadlineStamp(formatDeadlineStamp(unixMs))).toBe(Math.ceil(unixMs));
      }),
    );
  });

  it('is nothing but 1 to 15 digits', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseDeadlineStamp(text)).toBe(/^[0-9]{1,15}$/.test(text) ? Number(text) : undefined);
      }),
    );
    for (const text of [undefined, '', '-1', '1.5', '1e3', ' 1', 'NaN', '0x10', '１２', '1'.repeat(16)]) {
      expect(parseDeadlineStamp(text)).toBeUndefined();
    }
  });
});

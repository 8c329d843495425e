import { StatusCode } from '@giftmesh/kernel-errors';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { metadataOf } from '@giftmesh/mesh-context';
import { acceptanceOf } from './call-acceptance';
import { DEFAULT_OUTCOME_RULES, outcomeOf, validOutcomeRules, type OutcomeRules } from './call-outcome';
import { failed, outgoing } from './testing/outgoing';

type Row = [code: keyof typeof StatusCode, reason: string | undefined, breaker: string, throttle: boolean | undefined];

const clock = new SimulatedClock();

describe('what the end of a call says', () => {
  it.each<Row>([
    ['OK', undefined, 'success', true],
    ['CANCELLED', undefined, 'neither', undefined],
    ['UNKNOWN', undefined, 'failure', true],
    ['INVALID_ARGUMENT', undefined, 'success', true],
    ['DEADLINE_EXCEEDED', undefined, 'failure', false],
    ['NOT_FOUND', undefined, 'success', true],
    ['ALREADY_EXISTS', undefined, 'success', true],
    ['PERMISSION_DENIED', undefined, 'success', true],
    ['RESOURCE_EXHAUSTED', undefined, 'success', true],
    ['RESOURCE_EXHAUSTED', 'OVERLOADED', 'neither', false],
    ['RESOURCE_EXHAUSTED', 'THROTTLED', 'neither', undefined],
    ['RESOURCE_EXHAUSTED', 'RATE_LIMITED', 'neither', undefined],
    ['FAILED_PRECONDITION', undefined, 'success', true],
    ['ABORTED', undefined, 'success', true],
    ['OUT_OF_RANGE', undefined, 'success', true],
    ['UNIMPLEMENTED', undefined, 'success', true],
    ['INTERNAL', undefined, 'failure', true],
    ['UNAVAILABLE', undefined, 'failure', false],
    ['UNAVAILABLE', 'CIRCUIT_OPEN', 'neither', undefined],
    ['UNAVAILABLE', 'OVERLOADED', 'neither', false],
    ['DATA_LOSS', undefined, 'failure', true],
    ['UNAUTHENTICATED', undefined, 'success', true],
  ])('%s %s: to a breaker %s, to a throttle %s', (code, reason, outcome, accepted) => {
    const call = outgoing(clock);
    call.trailers = metadataOf(new Map());
    const error = code === 'OK' ? undefined : failed(code, reason);
    expect(outcomeOf(DEFAULT_OUTCOME_RULES, call, error, 1_000)).toBe(outcome);
    expect(acceptanceOf(call, error, 1_000, 10)).toBe(accepted);
  });

  it('is nothing about the target when there was hardly any time', () => {
    const call = outgoing(clock);
    const late = failed('DEADLINE_EXCEEDED');
    expect(outcomeOf(DEFAULT_OUTCOME_RULES, call, late, 9.9)).toBe('neither');
    expect(outcomeOf(DEFAULT_OUTCOME_RULES, call, late, 10)).toBe('failure');
    expect(acceptanceOf(call, late, 9.9, 10)).toBe(undefined);
    expect(acceptanceOf(call, late, 10, 10)).toBe(false);
  });

  it("is nothing about the target at a stream's deadline", () => {
    const call = outgoing(clock, { policy: { responseStream: true } });
    const late = failed('DEADLINE_EXCEEDED');
    expect(outcomeOf(DEFAULT_OUTCOME_RULES, call, late, 1_000)).toBe('neither');
    expect(acceptanceOf(call, late, 1_000, 10)).toBe(undefined);
  });

  it('is nothing about the target when the caller shed it by itself', () => {
    expect(acceptanceOf(outgoing(clock), failed('RESOURCE_EXHAUSTED', 'OVERLOADED'), 1_000, 10)).toBe(undefined);
  });

  it('can be ruled otherwise', () => {
    const rules: OutcomeRules = {
      failureCodes: [StatusCode.ABORTED, StatusCode.RESOURCE_EXHAUSTED],
      neutralReasons: ['ODD'],
      shortDeadlineMs: 0,
    };
    const says = (code: keyof typeof StatusCode, reason?: string): string =>
      outcomeOf(rules, outgoing(clock), failed(code, reason), 0);
    expect(says('ABORTED')).toBe('failure');
    expect(says('ABORTED', 'ODD')).toBe('neither');
    expect(says('RESOURCE_EXHAUSTED', 'OVERLOADED')).toBe('failure');
    expect(says('UNAVAILABLE')).toBe('success');
  });

  it.each<[object, string]>([
    [{ failureCodes: [17] }, 'failureCodes must be at most 100 status codes, got 17'],
    [{ failureCodes: [0] }, 'got 0'],
    [{ failureCodes: 'UNAVAILABLE' }, 'got UNAVAILABLE'],
    [{ failureCodes: [1] }, "can't have CANCELLED"],
    [{ failureCodes: Array.from({ length: 101 }, () => 14) }, 'at most 100'],
    [{ neutralReasons: [''] }, 'neutralReasons must be at most 100 words'],
    [{ neutralReasons: [1] }, 'got 1'],
    [{ shortDeadlineMs: -1 }, 'shortDeadlineMs must be 0 to 60000, got -1'],
  ])('refuses the rules %j', (changes, message) => {
    expect(() => validOutcomeRules({ ...DEFAULT_OUTCOME_RULES, ...changes })).toThrow(message);
  });
});

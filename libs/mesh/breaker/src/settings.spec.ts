import { adaptiveThrottleSettings } from './adaptive-throttle-settings';
import { circuitBreakerSettings } from './circuit-breaker-settings';

const many = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('circuitBreakerSettings', () => {
  it.each<[object, string]>([
    [{ windowMs: 99 }, 'windowMs must be 100 to 3600000, got 99'],
    [{ windowMs: NaN }, 'got NaN'],
    [{ windowMs: '10' }, 'got 10'],
    [{ buckets: 0 }, 'buckets must be an integer, 1 to 1000, got 0'],
    [{ buckets: 1.5 }, 'got 1.5'],
    [{ buckets: 1_001 }, 'got 1001'],
    [{ samplesMin: 0 }, 'samplesMin'],
    [{ errorRatio: 0 }, 'errorRatio'],
    [{ errorRatio: 1.1 }, 'got 1.1'],
    [{ slowMs: 0 }, 'slowMs'],
    [{ slowRatio: -1 }, 'slowRatio'],
    [{ openMs: 0 }, 'openMs'],
    [{ openMs: 70_000 }, 'openMsMax must be 70000 to 3600000, got 60000'],
    [{ openGrowth: 0.5 }, 'openGrowth'],
    [{ jitter: 1 }, 'jitter must be 0 to 0.9, got 1'],
    [{ rampStepMs: 0 }, 'rampStepMs'],
    [{ rampSamplesMin: 0 }, 'rampSamplesMin'],
    [{ rampShares: [] }, 'rampShares'],
    [{ rampShares: [0] }, 'got 0'],
    [{ rampShares: [0.2, 0.1] }, 'got 0.2,0.1'],
    [{ rampShares: [1.1] }, 'got 1.1'],
    [{ rampShares: many(21, 1) }, 'rampShares'],
    [{ rampShares: 0.5 }, 'got 0.5'],
    [{ errorRatoi: 0.5 }, 'unknown option errorRatoi'],
    [{ toString: 1 }, 'unknown option toString'],
  ])('refuses %j', (changes, message) => {
    expect(() => circuitBreakerSettings(changes)).toThrow(message);
  });

  it('takes values at the edges, and undefined for the value before', () => {
    const edges = {
      windowMs: 100,
      buckets: 1_000,
      samplesMin: 1,
      errorRatio: 1,
      slowMs: 1,
      jitter: 0.9,
      openGrowth: 10,
    };
    expect(circuitBreakerSettings({ ...edges, rampShares: many(20, 1) })).toMatchObject(edges);
    const base = circuitBreakerSettings({ openMs: 7 });
    expect(circuitBreakerSettings({ openMs: undefined } as object, base).openMs).toBe(7);
  });
});

describe('adaptiveThrottleSettings', () => {
  it.each<[object, string]>([
    [{ acceptsMultiplier: 0.9 }, 'acceptsMultiplier must be 1 to 100, got 0.9'],
    [{ windowMs: 1 }, 'windowMs'],
    [{ buckets: 0 }, 'buckets'],
    [{ aggression: 0 }, 'aggression must be 1 to 5, got 0'],
    [{ countOwnRefusals: 1 }, 'countOwnRefusals must be true or false, got 1'],
    [{ priorityClasses: many(21, { priorityMax: 1, acceptsMultiplier: 2 }) }, 'at most 20'],
    [{ priorityClasses: {} }, 'at most 20'],
    [{ priorityClasses: [{ priorityMax: 0, acceptsMultiplier: 2 }] }, 'priorityMax must be an integer, 1'],
    [{ priorityClasses: [{ priorityMax: 10, acceptsMultiplier: 0 }] }, 'acceptsMultiplier must be 1 to 100, got 0'],
    [{ priorityClasses: many(2, { priorityMax: 9, acceptsMultiplier: 2 }) }, 'must be an integer, 10'],
    [{ k: 2 }, 'unknown option k'],
  ])('refuses %j', (changes, message) => {
    expect(() => adaptiveThrottleSettings(changes)).toThrow(message);
  });
});

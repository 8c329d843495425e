import { checkLoadPlan, planSeconds, type LoadPlan } from './load-plan';

describe('checkLoadPlan', () => {
  const phase = { name: 'a', seconds: 1, perSecond: 10 };
  const callClass = { name: 'c', method: '/s/M', share: 1 };
  const plan: LoadPlan = { phases: [phase], classes: [callClass], arrivals: 'poisson', seed: 1, deadlineMs: 500 };

  it('takes a plan that makes sense', () => {
    expect(() => checkLoadPlan(plan)).not.toThrow();
    expect(() => checkLoadPlan({ ...plan, phases: [{ ...phase, perSecond: 0 }] })).not.toThrow();
    expect(planSeconds({ phases: [phase, { ...phase, name: 'b', seconds: 0.5 }] })).toBe(1.5);
  });

  it.each<[string, Partial<LoadPlan>]>([
    ['0', { phases: [] }],
    ['1001', { phases: Array.from({ length: 1001 }, (_, index) => ({ ...phase, name: `${index}` })) }],
    ['a, a', { phases: [phase, phase] }],
    ['-1', { phases: [{ ...phase, seconds: -1 }] }],
    ['NaN', { phases: [{ ...phase, seconds: NaN }] }],
    ['3601', { phases: [{ ...phase, seconds: 3601 }] }],
    ['-2', { phases: [{ ...phase, perSecond: -2 }] }],
    ['1000001', { phases: [{ ...phase, perSecond: 1_000_001 }] }],
    ['0.5', { classes: [{ ...callClass, share: 0.5 }] }],
    ['not 0', { classes: [] }],
    ['0', { deadlineMs: 0 }],
  ])('refuses what makes none and names %s', (named, wrong) => {
    expect(() => checkLoadPlan({ ...plan, ...wrong })).toThrow(RangeError);
    expect(() => checkLoadPlan({ ...plan, ...wrong })).toThrow(named);
  });
});

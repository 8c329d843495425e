import { BURN_RATES, budgetOf, LONG_WINDOWS, OBJECTIVES, PERIOD, recordName, SHORT_WINDOWS, sloRules } from './index';

const HOURS: Readonly<Record<string, number>> = { m: 1 / 60, h: 1, d: 24 };
const hoursOf = (window: string): number => Number.parseInt(window, 10) * (HOURS[window.slice(-1)] as number);

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
}
const rules = (): Rule[] => (sloRules() as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);

describe('burn rates', () => {
  it('take as much of the budget as they are to, and short windows are a twelfth of long ones', () => {
    const spent = ({ factor, long }: { factor: number; long: string }) => (factor * hoursOf(long)) / hoursOf(PERIOD);
    expect(BURN_RATES.page.map(spent).map((share) => share.toFixed(3))).toEqual(['0.020', '0.050']);
    expect(BURN_RATES.ticket.map(spent).map((share) => share.toFixed(3))).toEqual(['0.100', '0.100']);
    for (const { long, short } of [...BURN_RATES.page, ...BURN_RATES.ticket])
      expect(hoursOf(long) / hoursOf(short)).toBeCloseTo(12);
  });

  it('never ask for more than all', () => {
    for (const { target } of OBJECTIVES)
      for (const { factor } of [...BURN_RATES.page, ...BURN_RATES.ticket])
        expect(factor * budgetOf(target)).toBeLessThan(1);
  });
});

describe('sloRules', () => {
  it('records each window of each objective, and alerts look at nothing else', () => {
    const recorded = rules().flatMap(({ record }) => (record === undefined ? [] : [record]));
    const windows = [...SHORT_WINDOWS, ...LONG_WINDOWS];
    expect(recorded).toEqual(windows.flatMap((window) => OBJECTIVES.map(() => recordName(window))));
    const alerts = rules().filter(({ alert }) => alert !== undefined);
    expect(alerts).toHaveLength(2 * OBJECTIVES.length);
    for (const { expr } of alerts)
      for (const [name] of expr.matchAll(/giftmesh:\w+:\w+/g)) expect(recorded).toContain(name);
  });

  it('writes budgets without the digits of floating point', () => {
    expect([budgetOf(0.999), budgetOf(0.9995), budgetOf(0.99)]).toEqual([0.001, 0.0005, 0.01]);
  });
});

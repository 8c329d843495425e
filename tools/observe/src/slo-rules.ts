import { BURN_RATES, LONG_WINDOWS, SHORT_WINDOWS, type BurnRate, type Severity } from './burn-rates';
import { OBJECTIVES, type Objective } from './objectives';

/** Name of the recorded share of errors over a window. */
export function recordName(window: string): string {
  return `giftmesh:slo_errors:ratio_rate${window}`;
}

/** The rules of all objectives: groups as Prometheus reads them. */
export function sloRules(objectives: readonly Objective[] = OBJECTIVES): object {
  return {
    groups: [
      { name: 'giftmesh-slo-short', interval: '30s', rules: recorded(objectives, SHORT_WINDOWS) },
      { name: 'giftmesh-slo-long', interval: '5m', rules: recorded(objectives, LONG_WINDOWS) },
      {
        name: 'giftmesh-slo-alerts',
        interval: '30s',
        rules: objectives.flatMap((objective) => [
          alert(objective, 'page', 'BudgetBurnsFast'),
          alert(objective, 'ticket', 'BudgetBurnsSlowly'),
        ]),
      },
    ],
  };
}

function recorded(objectives: readonly Objective[], windows: readonly string[]): object[] {
  return windows.flatMap((window) =>
    objectives.map(({ slo, errorRatio }) => ({
      record: recordName(window),
      expr: errorRatio(window),
      labels: { slo },
    })),
  );
}

function alert({ slo, name, promise, target }: Objective, severity: Severity, suffix: string): object {
  const rates = BURN_RATES[severity];
  const above = ({ factor }: BurnRate, window: string): string =>
    `${recordName(window)}{slo="${slo}"} > ${factor} * ${budgetOf(target)}`;
  const each = rates.map((rate) => `(${above(rate, rate.long)} and ${above(rate, rate.short)})`);
  const alertName = `Giftmesh${name}${suffix}`;
  return {
    alert: alertName,
    expr: each.join(' or '),
    labels: { severity, slo },
    annotations: {
      summary: `The budget of errors of ${slo} is spent ${severity === 'page' ? 'fast' : 'slowly, but too fast'}: {{ $value | humanizePercentage }} fail`,
      description: `Promised: ${promise}.`,
      runbook: runbookOf(alertName),
    },
  };
}

/** What may fail, without the digits that floating point adds. */
export function budgetOf(target: number): number {
  return Number((1 - target).toFixed(9));
}

/** The runbook of an alert, from the repository's root. */
export function runbookOf(alertName: string): string {
  return `docs/runbooks/${alertName}.md`;
}

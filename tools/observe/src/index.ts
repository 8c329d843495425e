export { BURN_RATES, LONG_WINDOWS, PERIOD, SHORT_WINDOWS, type BurnRate, type Severity } from './burn-rates';
export { dashboardJson, type DashboardSpec, type RowSpec } from './dashboard';
export { DASHBOARDS, generatedFiles, OBSERVE_FOLDER } from './generated';
export { FAILURE_CODES, OBJECTIVES, SETTLE_WITHIN_S, type Objective } from './objectives';
export type { PanelSpec, Query, Threshold, Unit } from './panel';
export { budgetOf, recordName, runbookOf, sloRules } from './slo-rules';

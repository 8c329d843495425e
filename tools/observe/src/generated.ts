import { stringify } from 'yaml';
import { dashboardJson, type DashboardSpec } from './dashboard';
import { meshDashboard } from './mesh-dashboard';
import { moneyDashboard } from './money-dashboard';
import { sloRules } from './slo-rules';
import { streamersDashboard } from './streamers-dashboard';

/** All dashboards. */
export const DASHBOARDS: readonly DashboardSpec[] = [meshDashboard, moneyDashboard, streamersDashboard];

/** Folder of all that watches, from the repository's root. */
export const OBSERVE_FOLDER = 'deploy/observe';

const DO_NOT_EDIT = '# Made by tools/observe (npm run observe). Change it there.\n';

/** What is made, by file, from {@link OBSERVE_FOLDER}. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const dashboards = DASHBOARDS.map((spec): [string, string] => [
    `grafana/dashboards/${spec.uid}.json`,
    `${JSON.stringify(dashboardJson(spec), null, 2)}\n`,
  ]);
  const rules = DO_NOT_EDIT + stringify(sloRules(), { lineWidth: 0, singleQuote: true });
  return new Map([...dashboards, ['prometheus/rules/slo.yml', rules]]);
}

import { PANEL_ROWS, panelJson, type PanelSpec } from './panel';

/** Panels that belong together, under a title. */
export interface RowSpec {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

export interface DashboardSpec {
  /** Of its address in Grafana, and of its file. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly RowSpec[];
  /** Whether one may look at some services only, as `$service`. Default false. */
  readonly byService?: boolean;
}

const COLUMNS = 24;

/** A dashboard as Grafana reads it. Throws RangeError for a row whose panels don't fill lines of 24 columns. */
export function dashboardJson(spec: DashboardSpec): object {
  const { uid, title, description, rows, byService = false } = spec;
  const panels: object[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { h: 1, w: COLUMNS, x: 0, y },
      panels: [],
    });
    y += 1;
    let x = 0;
    for (const panel of row.panels) {
      const { width = 8 } = panel;
      if (x + width > COLUMNS) throw new RangeError(`${title}, ${panel.title}: does not fit into its line`);
      panels.push(panelJson(panel, panels.length + 1, { x, y }));
      x += width;
      if (x === COLUMNS) [x, y] = [0, y + PANEL_ROWS];
    }
    if (x > 0) y += PANEL_ROWS;
  }
  return {
    uid,
    title,
    description,
    tags: ['giftmesh'],
    schemaVersion: 39,
    editable: false,
    graphTooltip: 1,
    refresh: '15s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'browser',
    links: [{ type: 'dashboards', tags: ['giftmesh'], title: 'giftmesh', asDropdown: true, keepTime: true }],
    annotations: { list: [] },
    templating: { list: [DATASOURCE, ...(byService ? [SERVICE] : [])] },
    panels,
  };
}

const DATASOURCE = { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' };
const SERVICE = {
  name: 'service',
  label: 'Service',
  type: 'query',
  datasource: { type: 'prometheus', uid: '${datasource}' },
  query: { query: 'label_values(process_uptime_seconds, service)', refId: 'service' },
  refresh: 2,
  includeAll: true,
  multi: true,
  allValue: '.*',
  current: { text: 'All', value: '$__all' },
};

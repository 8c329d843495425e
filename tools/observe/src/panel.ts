/** How a number is written; the words are Grafana's. */
export type Unit = 'short' | 's' | 'reqps' | 'percentunit' | 'bytes' | 'none' | 'dateTimeFromNow';

/** A line of a panel, or several: one of each series. */
export interface Query {
  /** PromQL, with Grafana's `$__rate_interval` and the dashboard's variables. */
  readonly expr: string;
  /** `{{label}}` is replaced by its value. */
  readonly legend: string;
}

/** A number above which a panel changes its colour. */
export interface Threshold {
  readonly above: number;
  readonly color: 'yellow' | 'orange' | 'red' | 'green';
}

export interface PanelSpec {
  readonly title: string;
  /** What it shows and what to make of it, for whoever is woken by it. */
  readonly description: string;
  readonly kind?: 'timeseries' | 'stat' | 'bargauge';
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** Columns, of 24. Default 8. */
  readonly width?: 4 | 6 | 8 | 12 | 24;
  readonly thresholds?: readonly Threshold[];
  /** Areas on each other: for parts of a whole. Default false. */
  readonly stacked?: boolean;
  readonly min?: number;
  readonly max?: number;
}

/** Rows of a panel's height. */
export const PANEL_ROWS = 8;

/** A panel as Grafana reads it. The one place for what all of them have in common. */
export function panelJson(spec: PanelSpec, id: number, place: { readonly x: number; readonly y: number }): object {
  const { title, description, kind = 'timeseries', unit, queries, width = 8, thresholds = [], stacked = false } = spec;
  const datasource = { type: 'prometheus', uid: '${datasource}' };
  return {
    id,
    type: kind,
    title,
    description,
    datasource,
    gridPos: { h: PANEL_ROWS, w: width, x: place.x, y: place.y },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource,
      expr,
      legendFormat: legend,
      ...(kind === 'timeseries' ? {} : { instant: true }),
    })),
    fieldConfig: {
      defaults: {
        unit,
        ...(spec.min === undefined ? {} : { min: spec.min }),
        ...(spec.max === undefined ? {} : { max: spec.max }),
        thresholds: {
          mode: 'absolute',
          steps: [{ color: 'green', value: null }, ...thresholds.map(({ above, color }) => ({ color, value: above }))],
        },
        ...(kind === 'timeseries' ? { custom: lineStyle(stacked, thresholds.length > 0) } : {}),
      },
      overrides: [],
    },
    options: kind === 'timeseries' ? LINES : kind === 'stat' ? STAT : BARS,
  };
}

const REDUCE = { calcs: ['lastNotNull'], fields: '', values: false };
const LINES = {
  legend: { displayMode: 'table', placement: 'bottom', calcs: ['lastNotNull', 'max'] },
  tooltip: { mode: 'multi', sort: 'desc' },
};
const STAT = { reduceOptions: REDUCE, colorMode: 'value', graphMode: 'area', textMode: 'auto' };
const BARS = { reduceOptions: REDUCE, orientation: 'horizontal', displayMode: 'gradient' };

function lineStyle(stacked: boolean, hasThresholds: boolean): object {
  return {
    lineWidth: 1,
    fillOpacity: stacked ? 20 : 5,
    showPoints: 'never',
    spanNulls: false,
    stacking: { mode: stacked ? 'normal' : 'none' },
    thresholdsStyle: { mode: hasThresholds ? 'line' : 'off' },
  };
}

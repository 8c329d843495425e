/** A picture as plain data. */
export type Chart = LineChart | BarChart;

interface ChartText {
  /** Of its file, without the ending: small letters, digits and dashes. */
  readonly name: string;
  readonly title: string;
  /** Below the title: what was done. */
  readonly subtitle: string;
  readonly yTitle: string;
  /** Where the y axis ends; by the data by default. */
  readonly yMax?: number;
  /** A line across at what was aimed at. */
  readonly aim?: { readonly value: number; readonly label: string };
}

/** A line a series over a common x axis. */
export interface LineChart extends ChartText {
  readonly kind: 'lines';
  readonly xTitle: string;
  /** `log` for loads of very different size. */
  readonly xScale: 'linear' | 'log';
  readonly series: readonly LineSeries[];
  /** A stretch of the x axis to shade. */
  readonly shaded?: { readonly from: number; readonly to: number; readonly label: string };
}

/** One line. */
export interface LineSeries {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** For what is only there to compare with. */
  readonly dashed?: boolean;
}

/** Groups of bars, a bar a series in each. */
export interface BarChart extends ChartText {
  readonly kind: 'bars';
  readonly groups: readonly string[];
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
}

import { init, type EChartsOption } from 'echarts';
import type { BarChart, Chart, LineChart } from './chart';

const WIDTH = 900;
const HEIGHT = 480;
/** Told apart by people who see few colours (Okabe and Ito), and dark enough for a white card. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#6a3d9a', '#4d4d4d'];
const MUTED = '#57606a';
const INK = '#1f2328';
const FONT = 'DejaVu Sans, Verdana, Segoe UI, sans-serif';

/**
 * The SVG of a chart, the same text for the same chart: no ids that count up, no date. The card is white whatever is around it, so
 * that it can be read on light and dark pages.
 */
export function renderSvg(chart: Chart): string {
  const canvas = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  try {
    canvas.setOption({ ...common(chart), ...(chart.kind === 'lines' ? lines(chart) : bars(chart)) });
    return `${withoutCounters(canvas.renderToSVGString())}\n`;
  } finally {
    canvas.dispose();
  }
}

/** The library numbers its charts within the process. */
function withoutCounters(svg: string): string {
  const names = new Map<string, string>();
  return svg.replace(/\bzr\d+-[a-z]+-?\d*/g, (name) => {
    const known = names.get(name) ?? `${name.replace(/^zr\d+-/, '').replace(/\d+$/, '')}${names.size}`;
    names.set(name, known);
    return known;
  });
}

function common({ title, subtitle, kind, series, aim }: Chart): EChartsOption {
  return {
    animation: false,
    backgroundColor: '#ffffff',
    color: COLOURS,
    textStyle: { fontFamily: FONT, color: INK },
    title: {
      text: title,
      subtext: subtitle,
      left: 20,
      top: 14,
      textStyle: { fontSize: 18, fontWeight: 600, color: INK, fontFamily: FONT },
      subtextStyle: { fontSize: 12, color: MUTED, fontFamily: FONT },
    },
    legend: {
      bottom: 12,
      left: 20,
      right: 20,
      ...(kind === 'lines' ? { icon: 'roundRect', itemHeight: 4 } : { itemHeight: 10 }),
      itemWidth: 18,
      itemGap: 28,
      textStyle: { fontSize: 12, color: INK, fontFamily: FONT },
      data: series.map(({ name }) => name),
    },
    grid: { left: 74, right: aim === undefined ? 36 : 96, top: 92, bottom: series.length > 6 ? 108 : 88 },
  };
}

const axisText = { fontSize: 12, color: MUTED, fontFamily: FONT };
const axisLook = {
  axisLabel: axisText,
  nameTextStyle: axisText,
  axisLine: { show: true, lineStyle: { color: '#8c959f' } },
  splitLine: { lineStyle: { color: '#e4e7eb' } },
};

function yAxis(chart: Chart): NonNullable<EChartsOption['yAxis']> {
  return {
    type: 'value',
    name: chart.yTitle,
    nameLocation: 'middle',
    nameGap: 52,
    ...(chart.yMax === undefined ? {} : { max: chart.yMax }),
    ...axisLook,
  };
}

function aimLine({ aim }: Chart) {
  if (aim === undefined) return {};
  return {
    markLine: {
      symbol: 'none',
      silent: true,
      lineStyle: { color: MUTED, type: 'dashed' as const, width: 1.2 },
      label: {
        formatter: aim.label,
        position: 'end' as const,
        color: MUTED,
        fontSize: 11,
        fontFamily: FONT,
      },
      data: [{ yAxis: aim.value }],
    },
  };
}

function lines(chart: LineChart): EChartsOption {
  const { series, shaded } = chart;
  const xs = series.flatMap(({ points }) => points.map(([x]) => x));
  const hasMarks = series.every(({ points }) => points.length <= 20);
  return {
    xAxis: {
      type: chart.xScale === 'log' ? 'log' : 'value',
      name: chart.xTitle,
      nameLocation: 'middle',
      nameGap: 30,
      ...axisLook,
      splitLine: { show: false },
      ...(chart.xScale === 'log'
        ? {
            logBase: 2,
            min: Math.min(...xs),
            max: Math.max(...xs),
            axisLabel: {
              ...axisText,
              formatter: (x: number) => `${x}`,
              customValues: [...new Set(xs)],
              hideOverlap: true,
            },
            axisTick: { customValues: [...new Set(xs)] },
          }
        : {}),
    },
    yAxis: yAxis(chart),
    series: series.map(({ name, points, dashed = false }, index) => ({
      type: 'line' as const,
      name,
      data: points.map(([x, y]) => [x, y]),
      showSymbol: hasMarks,
      symbol: 'circle',
      symbolSize: 6,
      lineStyle: { width: dashed ? 1.6 : 2.4, type: dashed ? ('dashed' as const) : ('solid' as const) },
      ...(index === 0 ? aimLine(chart) : {}),
      ...(index === 0 && shaded !== undefined
        ? {
            markArea: {
              silent: true,
              itemStyle: { color: 'rgba(140, 149, 159, 0.16)' },
              label: { color: MUTED, fontSize: 11, fontFamily: FONT },
              data: [[{ name: shaded.label, xAxis: shaded.from }, { xAxis: shaded.to }]] as [
                { name: string; xAxis: number },
                { xAxis: number },
              ][],
            },
          }
        : {}),
    })),
  };
}

function bars(chart: BarChart): EChartsOption {
  return {
    xAxis: { type: 'category', data: [...chart.groups], ...axisLook, axisTick: { show: false } },
    yAxis: yAxis(chart),
    series: chart.series.map(({ name, values }, index) => ({
      type: 'bar' as const,
      name,
      data: [...values],
      barMaxWidth: 46,
      label: {
        show: true,
        position: 'top' as const,
        fontSize: 11,
        color: INK,
        fontFamily: FONT,
        formatter: ({ value }: { value: unknown }) => shortNumber(Number(value)),
      },
      ...(index === 0 ? aimLine(chart) : {}),
    })),
  };
}

function shortNumber(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
}

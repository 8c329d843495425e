import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BarChart, LineChart } from './chart';
import { renderSvg } from './render-svg';
import { writeCharts } from './write-charts';

const lines: LineChart = {
  kind: 'lines',
  name: 'the-lines',
  title: 'Goodput & more',
  subtitle: 'offered <to> a server',
  xTitle: 'load',
  xScale: 'log',
  yTitle: 'share',
  yMax: 1,
  aim: { value: 0.8, label: 'aim' },
  shaded: { from: 1, to: 2, label: 'spike' },
  series: [
    { name: 'ours', points: [[0.5, 0.5], [1, 1], [2, 0.9]] }, // prettier-ignore
    { name: 'bare', dashed: true, points: [] },
  ],
};
const bars: BarChart = {
  kind: 'bars',
  name: 'the-bars',
  title: 'Bars',
  subtitle: 'of two groups',
  yTitle: 'calls',
  groups: ['one', 'two'],
  series: [{ name: 'ours', values: [1, 27.25] }],
};

describe('renderSvg', () => {
  it.each([lines, bars])('draws $name, the same each time', (chart) => {
    const svg = renderSvg(chart);
    expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    for (const { name } of chart.series) expect(svg).toContain(`>${name}</text>`);
    expect(svg).toContain('#ffffff');
    expect(renderSvg(bars)).not.toBe(renderSvg(lines));
    expect(renderSvg(chart)).toBe(svg);
  });

  it('escapes what is XML', () => {
    const svg = renderSvg(lines);
    expect(svg).toContain('Goodput &amp; more');
    expect(svg).toContain('offered &lt;to&gt; a server');
  });

  it('writes values above bars', () => {
    expect(renderSvg(bars)).toContain('>27</text>');
  });
});

describe('writeCharts', () => {
  it('writes a file a chart, over an old one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'charts-'));
    try {
      expect(writeCharts(join(folder, 'none'), [])).toEqual([]);
      const inside = join(folder, 'new');
      writeCharts(inside, [{ ...lines, title: 'old' }]);
      const paths = writeCharts(inside, [lines, bars]);
      expect(paths).toEqual([join(inside, 'the-lines.svg'), join(inside, 'the-bars.svg')]);
      expect(paths.map((path) => readFileSync(path, 'utf8'))).toEqual([renderSvg(lines), renderSvg(bars)]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Chart } from './chart';
import { renderSvg } from './render-svg';

/** Writes an SVG a chart into `folder`, over what is there, and returns the paths. */
export function writeCharts(folder: string, charts: readonly Chart[]): string[] {
  if (charts.length === 0) return [];
  mkdirSync(folder, { recursive: true });
  return charts.map((chart) => {
    const path = join(folder, `${chart.name}.svg`);
    writeFileSync(path, renderSvg(chart));
    return path;
  });
}

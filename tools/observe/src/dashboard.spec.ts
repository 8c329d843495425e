import { dashboardJson } from './dashboard';
import { DASHBOARDS } from './index';
import type { PanelSpec } from './panel';

interface Placed {
  readonly id: number;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

const panelsOf = (dashboard: object): Placed[] => (dashboard as { panels: Placed[] }).panels;

const panel = (title: string, width: NonNullable<PanelSpec['width']>): PanelSpec => {
  return { title, description: 'of a test', unit: 'short', width, queries: [{ expr: 'up', legend: '' }] };
};

describe('dashboardJson', () => {
  it('fills lines of 24 columns from the left, row behind row', () => {
    const rows = [
      { title: 'one', panels: [panel('a', 12), panel('b', 12), panel('c', 8)] },
      { title: 'two', panels: [panel('d', 24)] },
    ];
    const places = panelsOf(dashboardJson({ uid: 'u', title: 't', description: '', rows })).map(
      ({ gridPos: { x, y } }) => [x, y],
    );
    expect(places).toEqual([
      [0, 0],
      [0, 1],
      [12, 1],
      [0, 9],
      [0, 17],
      [0, 18],
    ]);
  });

  it('refuses a panel that does not fit into its line', () => {
    const rows = [{ title: 'one', panels: [panel('a', 12), panel('b', 8), panel('c', 8)] }];
    expect(() => dashboardJson({ uid: 'u', title: 't', description: '', rows })).toThrow(
      new RangeError('t, c: does not fit into its line'),
    );
  });

  it.each(DASHBOARDS.map((spec) => [spec.title, spec] as const))('of %s has no panels on each other', (_, spec) => {
    const panels = panelsOf(dashboardJson(spec));
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { id, gridPos: a } of panels)
      for (const { id: other, gridPos: b } of panels.filter((each) => each.id > id)) {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        expect([id, other, apart]).toEqual([id, other, true]);
      }
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@giftmesh/test-harness';
import { OBSERVE_FOLDER } from '@giftmesh/tool-observe';
import { parse } from 'yaml';

/** A rule of Prometheus. */
export type Rule = {
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly for?: string;
} & ({ readonly record: string; readonly alert?: undefined } | { readonly alert: string; readonly record?: undefined });

/** A query and where it stands. */
export interface FoundQuery {
  readonly where: string;
  readonly expr: string;
  /** Texts that name its labels: legends (`{{label}}`), annotations (`$labels.label`). */
  readonly texts: readonly string[];
  /** Labels that are put on its results. */
  readonly labels: readonly string[];
}

interface Panel {
  readonly title: string;
  readonly description?: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

/** A dashboard of Grafana, as far as tests look at it. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly query: string | { readonly query: string } }[] };
}

const RUNBOOKS = join(repositoryRoot(), 'docs', 'runbooks');
const inFolder = (...path: readonly string[]): string => join(repositoryRoot(), OBSERVE_FOLDER, ...path);

export function readObserve(path: string): string {
  return readFileSync(inFolder(path), 'utf8');
}

export function filesIn(folder: string, ending: string): string[] {
  return readdirSync(inFolder(folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`);
}

export function dashboards(): Dashboard[] {
  return filesIn('grafana/dashboards', '.json').map((file) => JSON.parse(readObserve(file)) as Dashboard);
}

/** All rules, with their files. */
export function rules(): { readonly file: string; readonly rule: Rule }[] {
  return filesIn('prometheus/rules', '.yml').flatMap((file) => {
    const { groups } = parse(readObserve(file)) as { groups: { rules: Rule[] }[] };
    return groups.flatMap(({ rules: all }) => all.map((rule) => ({ file, rule })));
  });
}

/** Every query of dashboards, rules and runbooks. */
export function allQueries(): FoundQuery[] {
  const ofPanels = dashboards().flatMap(({ title, panels, templating }) => [
    ...panels.flatMap((panel) =>
      (panel.targets ?? []).map(({ expr, legendFormat }) => ({
        where: `${title}, ${panel.title}`,
        expr,
        texts: [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label as string),
        labels: [],
      })),
    ),
    ...templating.list.flatMap(({ query }) => {
      const [, metric, label] =
        /^label_values\((\w+), (\w+)\)$/.exec(typeof query === 'string' ? '' : query.query) ?? [];
      if (metric === undefined || label === undefined) return [];
      return [{ where: `${title}, a variable`, expr: `group by (${label}) (${metric})`, texts: [label], labels: [] }];
    }),
  ]);
  const ofRules = rules().map(({ file, rule }) => ({
    where: `${file}, ${rule.alert ?? rule.record}`,
    expr: rule.expr,
    texts: Object.values(rule.annotations ?? {}).flatMap((text) =>
      [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label as string),
    ),
    labels: Object.keys(rule.labels ?? {}),
  }));
  return [...ofPanels, ...ofRules, ...queriesOfRunbooks()];
}

/** Runbooks, by their file names. */
export function runbooks(): { readonly name: string; readonly text: string }[] {
  return readdirSync(RUNBOOKS).map((name) => ({ name, text: readFileSync(join(RUNBOOKS, name), 'utf8') }));
}

/** What docs/OBSERVE.md says is measured: names in the first column of its table. */
export function documentedMetrics(): ReadonlySet<string> {
  const text = readFileSync(join(repositoryRoot(), 'docs', 'OBSERVE.md'), 'utf8');
  const rows = text.split('\n').filter((line) => /^\| `[a-z]+_[a-z_]+`/.test(line));
  return new Set(
    rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([a-z_]+)`/g)].map(([, name = '']) => name)),
  );
}

/** One a line, in blocks of PromQL. */
function queriesOfRunbooks(): FoundQuery[] {
  return runbooks().flatMap(({ name, text }) =>
    [...text.matchAll(/```promql\n([^`]+)```/g)]
      .flatMap(([, block = '']) => block.trim().split('\n'))
      .map((expr) => ({ where: name, expr, texts: [], labels: [] })),
  );
}

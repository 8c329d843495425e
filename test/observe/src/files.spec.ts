import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@giftmesh/test-harness';
import { generatedFiles, runbookOf } from '@giftmesh/tool-observe';
import { parse } from 'yaml';
import { allQueries, dashboards, filesIn, readObserve, rules, runbooks } from './support/observe-files';
import { parsePromql, withoutVariables } from './support/promql';

/** What each runbook tells, as titles. */
const SECTIONS = ['What it means', 'Look', 'Do', 'It is over when'];

describe('what is generated', () => {
  it('stands in the repository as it would be made now (npm run observe)', () => {
    for (const [file, text] of generatedFiles()) expect([file, readObserve(file)]).toEqual([file, text]);
    const made = [...generatedFiles().keys()].filter((file) => file.endsWith('.json'));
    expect(filesIn('grafana/dashboards', '.json').sort()).toEqual(made.sort());
  });

  it('has panels that say what they show, and names that differ', () => {
    for (const { title, panels } of dashboards())
      for (const panel of panels.filter(({ type }) => type !== 'row'))
        expect([title, panel.title, (panel.description ?? '').length > 20]).toEqual([title, panel.title, true]);
    const uids = dashboards().map(({ uid }) => uid);
    expect(new Set(uids).size).toBe(uids.length);
    for (const { panels } of dashboards()) {
      const titles = panels.map(({ title }) => title);
      expect(new Set(titles).size).toBe(titles.length);
    }
  });
});

describe('queries', () => {
  it.each(allQueries().map(({ where, expr }) => [where, expr]))('%s can be parsed', (_, expr) => {
    expect(parsePromql(withoutVariables(expr)).text).not.toBe('');
  });

  it('are there at all', () => {
    expect(allQueries().length).toBeGreaterThan(80);
  });
});

describe('alerts and their runbooks', () => {
  const alerts = rules().flatMap(({ rule }) => (rule.alert === undefined ? [] : [rule]));

  it('have names that differ, a severity, words, and the runbook of their name', () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
    for (const { alert, labels, annotations } of alerts) {
      expect(alert).toMatch(/^Giftmesh[A-Z][A-Za-z]+$/);
      expect([alert, labels?.['severity']]).toEqual([alert, expect.stringMatching(/^(page|ticket)$/)]);
      expect(annotations).toEqual({
        summary: expect.any(String) as string,
        description: expect.any(String) as string,
        runbook: runbookOf(alert),
      });
      expect(existsSync(join(repositoryRoot(), runbookOf(alert)))).toBe(true);
    }
  });

  it('are as many as the runbooks, which all say the same kinds of things', () => {
    const pages = runbooks().filter(({ name }) => name !== 'README.md');
    const index = runbooks().find(({ name }) => name === 'README.md')?.text ?? '';
    expect(pages.map(({ name }) => name).sort()).toEqual(alerts.map(({ alert }) => `${alert}.md`).sort());
    for (const { name: page, text } of pages) {
      const titles = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title);
      expect([page, titles]).toEqual([page, [page.replace(/\.md$/, ''), ...SECTIONS]]);
      const severity = alerts.find(({ alert }) => `${alert}.md` === page)?.labels?.['severity'];
      expect([page, text.includes(`**${severity}**`)]).toEqual([page, true]);
      expect(index.split('\n').find((line) => line.includes(`(${page})`))).toContain(`| ${severity} `);
    }
  });
});

describe('settings of those who watch', () => {
  interface ScrapeConfig {
    readonly job_name: string;
    readonly dns_sd_configs: readonly { readonly port: number; readonly names: readonly string[] }[];
    readonly relabel_configs: readonly { readonly target_label: string; readonly replacement: string }[];
  }
  const { scrape_configs: jobs, rule_files: ruleFiles } = parse(readObserve('prometheus/prometheus.yml')) as {
    scrape_configs: ScrapeConfig[];
    rule_files: string[];
  };

  it('name each service by the label that dashboards use, and load all rules', () => {
    for (const { job_name, relabel_configs } of jobs)
      expect(relabel_configs).toEqual([{ target_label: 'service', replacement: job_name }]);
    expect(ruleFiles).toEqual(['rules/*.yml']);
  });

  it('do so for pods too', () => {
    const { scrape_configs } = parse(readObserve('prometheus/kubernetes.yml')) as {
      scrape_configs: { relabel_configs: { target_label?: string; source_labels: string[] }[] }[];
    };
    const labels = new Map(
      scrape_configs[0]?.relabel_configs.map(({ target_label, source_labels }) => [target_label, source_labels]),
    );
    for (const label of ['job', 'service'])
      expect(labels.get(label)).toEqual(['__meta_kubernetes_pod_label_app_kubernetes_io_name']);
  });

  it('scrape where pods say that they are scraped', () => {
    const pod = readFileSync(join(repositoryRoot(), 'deploy/kustomize/workloads/pod.yaml'), 'utf8');
    const [, port] = /prometheus\.io\/port: '(\d+)'/.exec(pod) ?? [];
    const services = jobs.filter(({ job_name }) => job_name !== 'standalone-da');
    for (const { job_name, dns_sd_configs } of services)
      expect([job_name, dns_sd_configs.map(({ port: own }) => String(own))]).toEqual([job_name, [port]]);
  });

  it('are asked for by jobs that are scraped', () => {
    const names = new Set(jobs.map(({ job_name }) => job_name));
    for (const { where, expr } of allQueries())
      for (const { matchers } of parsePromql(withoutVariables(expr)).selectors)
        for (const { label, value } of matchers)
          if ((label === 'job' || label === 'service') && value !== '.*')
            for (const word of value.split('|')) expect([where, names.has(word)]).toEqual([where, true]);
  });

  it('can be read: collector, datasources, dashboards', () => {
    const collector = parse(readObserve('otel-collector.yaml')) as {
      receivers: object;
      processors: object;
      exporters: object;
      service: { pipelines: Record<string, Record<string, string[]>> };
    };
    for (const pipeline of Object.values(collector.service.pipelines))
      for (const kind of ['receivers', 'processors', 'exporters'] as const)
        for (const name of pipeline[kind] ?? []) expect(Object.keys(collector[kind])).toContain(name);
    const { datasources } = parse(readObserve('grafana/provisioning/datasources/datasources.yaml')) as {
      datasources: { uid: string; type: string }[];
    };
    expect(datasources.map(({ type }) => type)).toEqual(['prometheus', 'jaeger']);
    const { providers } = parse(readObserve('grafana/provisioning/dashboards/dashboards.yaml')) as {
      providers: { options: { path: string } }[];
    };
    expect(providers.map(({ options }) => options.path)).toEqual(['/etc/grafana/dashboards']);
  });
});

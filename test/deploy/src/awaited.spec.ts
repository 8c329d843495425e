import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@giftmesh/test-harness';
import { AWAITED_METRIC, AWAITED_OVERLAY, AWAITED_SETTING, AWAITING } from './awaited';
import { at, listAt, nameOf } from './manifest';
import { useRendered } from './rendered';
import { settingsTable } from './settings-table';

const root = repositoryRoot();

describe('components that wait for something', () => {
  const rendered = useRendered();

  it('are a job for each set of tables, and services that do not change them', () => {
    const manifests = rendered.of(AWAITED_OVERLAY);
    const jobs = manifests.filter(({ kind }) => kind === 'Job');
    expect(jobs.map(nameOf).sort()).toEqual(['Job/migrate-ledger', 'Job/migrate-rankings']);
    for (const job of jobs)
      expect(at(job, 'spec', 'template', 'spec', 'containers', 0, 'env')).toEqual([
        { name: AWAITED_SETTING, value: 'only' },
      ]);
    expect(
      manifests.filter(({ kind, data }) => kind === 'ConfigMap' && data?.[AWAITED_SETTING] === 'check'),
    ).toHaveLength(2);
  });

  it('are a scaler of Payment-DA by what waits for it, in the place of the one by CPU', () => {
    const scaled = rendered.one(AWAITED_OVERLAY, 'ScaledObject/payment-da');
    const queries = listAt(scaled, 'spec', 'triggers').map((trigger) => at(trigger, 'metadata', 'query'));
    expect(queries).toEqual([undefined, AWAITED_METRIC.query]);
  });

  it('are in no overlay while what they wait for is not there; when it is, they belong there', () => {
    const hasSetting = ['interaction', 'payment-da'].some((app) => settingsTable(app).has(AWAITED_SETTING));
    const sources = readdirSync(join(root, 'libs/service/payment-da/src'), { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map(({ name }) => readFileSync(join(root, 'libs/service/payment-da/src', name), 'utf8'));
    const hasMetric = sources.some((source) => source.includes(`'${AWAITED_METRIC.name}'`));
    expect(sources.length).toBeGreaterThan(3);
    const used = readdirSync(join(root, 'deploy/kustomize/overlays'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => readFileSync(join(root, 'deploy/kustomize/overlays', name, 'kustomization.yaml'), 'utf8'));
    const isUsed = (component: string): boolean => used.some((text) => text.includes(`components/${component}\n`));
    expect(AWAITING.map(isUsed)).toEqual([hasMetric, hasSetting]);
  });
});

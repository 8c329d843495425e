import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@giftmesh/test-harness';
import { at, listAt, nameOf } from './manifest';
import { OPTIONAL_OVERLAY } from './optional';
import { useRendered } from './rendered';

const PROD = 'kustomize/overlays/prod';
const MIGRATE = 'GIFTMESH_MIGRATE';

describe('components', () => {
  const rendered = useRendered();

  it('bring up each set of tables by a job, and let the services of prod only look', () => {
    const manifests = rendered.of(PROD);
    const jobs = manifests.filter(({ kind }) => kind === 'Job');
    expect(jobs.map(nameOf).sort()).toEqual(['Job/migrate-ledger', 'Job/migrate-rankings']);
    for (const job of jobs)
      expect(at(job, 'spec', 'template', 'spec', 'containers', 0, 'env')).toEqual([{ name: MIGRATE, value: 'only' }]);
    expect(manifests.filter(({ kind, data }) => kind === 'ConfigMap' && data?.[MIGRATE] === 'check')).toHaveLength(2);
  });

  it('scale Payment-DA by what waits for it, in the place of the one by CPU', () => {
    const scaled = rendered.one(OPTIONAL_OVERLAY, 'ScaledObject/payment-da');
    const queries = listAt(scaled, 'spec', 'triggers').map((trigger) => at(trigger, 'metadata', 'query'));
    // Every DA tells the lag of all.
    expect(queries).toEqual([undefined, 'max(da_log_lag)']);
    const metrics = readFileSync(join(repositoryRoot(), 'libs/service/payment-da/src/da-metrics.ts'), 'utf8');
    expect(metrics).toContain("name: 'da.log.lag'");
  });
});

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Prod with the components that wait for something that the processes do not have yet, so that they are checked like all others. */
export const AWAITED_OVERLAY = 'kustomize/overlays/awaited';
/** What components/migration waits for: a setting. */
export const AWAITED_SETTING = 'GIFTMESH_MIGRATE';
/** What components/keda waits for: a metric of Payment-DA, under its own name and under that of Prometheus. */
export const AWAITED_METRIC = { name: 'da.log.lag', query: 'sum(da_log_lag)' };
/** The components that wait. */
export const AWAITING = ['keda', 'migration'] as const;

const COMPONENTS = 'components:\n';

/** Makes the overlay in a copy of deploy/. */
export function makeAwaitedOverlay(deploy: string): void {
  const overlay = join(deploy, AWAITED_OVERLAY);
  cpSync(join(deploy, 'kustomize/overlays/prod'), overlay, { recursive: true });
  const file = join(overlay, 'kustomization.yaml');
  const text = readFileSync(file, 'utf8');
  const more = AWAITING.map((name) => `  - ../../components/${name}\n`).join('');
  if (!text.includes(COMPONENTS)) throw new Error('prod has no list of components');
  writeFileSync(file, text.replace(COMPONENTS, `${COMPONENTS}${more}`));
}

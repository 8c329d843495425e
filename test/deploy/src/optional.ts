import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Prod with the components that no overlay has, so that they are checked like all others. */
export const OPTIONAL_OVERLAY = 'kustomize/overlays/optional';
/** Components that need something which not every cluster has; whoever has it adds them to an overlay. */
export const OPTIONAL = ['keda'] as const;

const COMPONENTS = 'components:\n';

/** Makes the overlay in a copy of deploy/. */
export function makeOptionalOverlay(deploy: string): void {
  const overlay = join(deploy, OPTIONAL_OVERLAY);
  cpSync(join(deploy, 'kustomize/overlays/prod'), overlay, { recursive: true });
  const file = join(overlay, 'kustomization.yaml');
  const text = readFileSync(file, 'utf8');
  const more = OPTIONAL.map((name) => `  - ../../components/${name}\n`).join('');
  if (!text.includes(COMPONENTS)) throw new Error('prod has no list of components');
  writeFileSync(file, text.replace(COMPONENTS, `${COMPONENTS}${more}`));
}

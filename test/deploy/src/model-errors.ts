import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from '@giftmesh/test-harness';
import { nameOf, type Manifest } from './manifest';
import { modelOf } from './models';

/** What the models' validators have against objects: values of another type, fields that are missing, formats. They pass unknown fields. */
export function modelErrors(manifests: readonly Manifest[]): readonly string[] {
  const input = manifests.flatMap((manifest) => {
    const model = modelOf(manifest);
    return model === undefined ? [] : [{ ...model, name: nameOf(manifest), manifest }];
  });
  const program = join(repositoryRoot(), 'test/deploy/validate-models.mjs');
  const run = spawnSync(process.execPath, [program], { input: JSON.stringify(input), encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`the validators failed: ${run.stderr}`);
  return JSON.parse(run.stdout) as string[];
}

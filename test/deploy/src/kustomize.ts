import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { goProgram, repositoryRoot } from '@giftmesh/test-harness';
import type { Labels, Manifest } from './manifest';

const KUSTOMIZE = {
  name: 'kustomize',
  package: 'sigs.k8s.io/kustomize/kustomize/v5@v5.8.0',
  versionArgs: ['version'],
};
const EXAMPLE = '.env.example';
const OUTPUT_BYTES_MAX = 8 * 2 ** 20;

/** Folders of deploy/ whose folders are installed as they are. */
const INSTALLED = ['kustomize/overlays', 'istio/overlays', 'istio/gateway-api'];

/** What can be installed, as folders within deploy/. */
export function overlays(): readonly string[] {
  return INSTALLED.flatMap((parent) =>
    readdirSync(join(repositoryRoot(), 'deploy', parent), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(parent, entry.name)),
  );
}

/** Copies deploy/ into an empty folder, the examples of secrets in the place of secrets. */
export function copyOfDeploy(folder: string): string {
  cpSync(join(repositoryRoot(), 'deploy'), folder, { recursive: true });
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (path.endsWith(EXAMPLE)) {
      copyFileSync(join(folder, path), join(folder, `${path.slice(0, -EXAMPLE.length)}.env`));
    }
  }
  return folder;
}

/** Renders one folder. Throws what kustomize says when it can't. */
export function render(folder: string): readonly Manifest[] {
  const [program = '', ...args] = command();
  const run = spawnSync(program, [...args, folder], { encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX });
  if (run.status !== 0) throw new Error(`${folder} can't be rendered: ${run.error?.message ?? run.stderr}`);
  return parseAllDocuments(run.stdout).map((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) throw problem;
    return onOneLine(document.toJS() as Manifest);
  });
}

/** kustomize wraps base64, which Kubernetes reads past and validators don't. */
function onOneLine(manifest: Manifest): Manifest {
  if (manifest.kind !== 'Secret') return manifest;
  const data = Object.entries(manifest.data ?? {}).map(([name, value]) => [name, value.replace(/\s/g, '')]);
  return { ...manifest, data: Object.fromEntries(data) as Labels };
}

let known: readonly string[] | undefined;

/** kustomize from the PATH, kubectl's own, or one that Go builds. */
function command(): readonly string[] {
  known ??= find();
  return known;
}

function find(): readonly string[] {
  const runs = (program: string, ...args: string[]): boolean => spawnSync(program, args).status === 0;
  if (!runs(KUSTOMIZE.name, ...KUSTOMIZE.versionArgs) && runs('kubectl', 'kustomize', '--help'))
    return ['kubectl', 'kustomize'];
  return [goProgram(KUSTOMIZE, join(repositoryRoot(), 'tmp/tools')), 'build'];
}

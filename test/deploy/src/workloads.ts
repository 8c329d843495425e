import { at, labelsAt, listAt, nameOf, type Fields, type Labels, type Manifest } from './manifest';

/** What makes pods. */
export interface Workload {
  readonly name: string;
  readonly manifest: Manifest;
  readonly labels: Labels;
  readonly pod: Fields;
  readonly containers: readonly Fields[];
  /** Whether its image is one of ours. */
  readonly isOurs: boolean;
  /** Whether it serves, and is not a job. */
  readonly isService: boolean;
}

const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

/** All that makes pods. */
export function workloadsOf(manifests: readonly Manifest[]): readonly Workload[] {
  return manifests.flatMap((manifest) => {
    const path = TEMPLATES[manifest.kind];
    if (path === undefined) return [];
    const containers = listAt(manifest, ...path, 'spec', 'containers');
    const isOurs = containers.some(({ image }) => String(image).startsWith('giftmesh/'));
    return [
      {
        name: nameOf(manifest),
        manifest,
        labels: labelsAt(manifest, ...path, 'metadata', 'labels'),
        pod: at(manifest, ...path, 'spec') as Fields,
        containers,
        isOurs,
        isService: isOurs && manifest.kind === 'Deployment',
      },
    ];
  });
}

/** The port of a container by its name or number; undefined where it has none such. */
export function portOf(containers: readonly Fields[], port: unknown): number | undefined {
  const ports = containers.flatMap((container) => listAt(container, 'ports'));
  const found = ports.find(({ name, containerPort }) => name === port || containerPort === port);
  return found?.['containerPort'] as number | undefined;
}

/** The settings of a container: what its maps and secrets hold, as the process reads it. Throws for a reference that leads nowhere. */
export function settingsOf(container: Fields, manifests: readonly Manifest[]): Labels {
  const parts = listAt(container, 'envFrom').map((source) => {
    const [kind, name] =
      at(source, 'configMapRef', 'name') === undefined
        ? ['Secret', at(source, 'secretRef', 'name')]
        : ['ConfigMap', at(source, 'configMapRef', 'name')];
    const found = manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
    if (found === undefined) throw new Error(`there is no ${kind}/${String(name)}`);
    const data = Object.entries(found.data ?? {});
    const decode = (value: string): string => (kind === 'Secret' ? Buffer.from(value, 'base64').toString() : value);
    return Object.fromEntries(data.map(([key, value]) => [key, decode(value)]));
  });
  return Object.assign({}, ...parts) as Labels;
}

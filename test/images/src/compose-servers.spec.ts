import { readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { repositoryRoot } from '@giftmesh/test-harness';
import { COMPOSE_FOLDER, composeText, readCompose } from './compose-file';

const root = repositoryRoot();
const text = composeText();
const file = readCompose(text);
const all = Object.entries(file.services);

describe('servers in the compose file', () => {
  it.each(['redis', 'mysql', 'kafka'])('%s is the same, with the same settings, as in Kubernetes', (name) => {
    const path = join(root, 'deploy/kustomize/components/stores', `${name}.yaml`);
    const set = parseAllDocuments(readFileSync(path, 'utf8'))
      .map((one) => one.toJS() as Manifest)
      .find(({ kind }) => kind === 'StatefulSet');
    const [container] = set?.spec.template.spec.containers ?? [];
    const { image, command, environment } = file.services[name] ?? {};
    expect({ image, args: command }).toEqual({ image: container?.image, args: container?.args });
    expect(environment).toEqual(
      container?.env && Object.fromEntries(container.env.map((one) => [one.name, one.value])),
    );
  });

  it('of observing find the configuration that is mounted for them', () => {
    const mounts = all.flatMap(([, { volumes = [] }]) => volumes).filter((one) => one.startsWith('../observe'));
    expect(mounts.map((one) => normalize(join(COMPOSE_FOLDER, one.split(':')[0] ?? ''))).sort()).toEqual([
      'deploy/observe/grafana/dashboards',
      'deploy/observe/grafana/provisioning',
      'deploy/observe/otel-collector.yaml',
      'deploy/observe/prometheus/prometheus.yml',
      'deploy/observe/prometheus/rules',
    ]);
    const prometheus = readFileSync(join(root, 'deploy/observe/prometheus/prometheus.yml'), 'utf8');
    // From the folder of the configuration itself.
    expect(prometheus).toMatch(/rule_files:\n\s+- rules\/\*\.yml/);
    for (const name of ['interaction', 'payment-station', 'payment-da', 'standalone'])
      expect([name, prometheus.includes(`names: [${name}]`)]).toEqual([name, true]);
    const collector = readFileSync(join(root, 'deploy/observe/otel-collector.yaml'), 'utf8');
    expect(collector).toMatch(/\bjaeger:4317\b/);
    const provider = readFileSync(join(root, 'deploy/observe/grafana/provisioning/dashboards/dashboards.yaml'), 'utf8');
    const [, path] = /^ +path: (\S+)$/m.exec(provider) ?? [];
    expect(mounts).toContain(`../observe/grafana/dashboards:${path}:ro`);
    const sources = readFileSync(
      join(root, 'deploy/observe/grafana/provisioning/datasources/datasources.yaml'),
      'utf8',
    );
    const hosts = [...sources.matchAll(/url: http:\/\/([\w-]+):\d+/g)].map(([, host = '']) => host);
    expect(hosts.filter((host) => file.services[host] === undefined)).toEqual([]);
  });

  it('get spans where a file of variables says so', () => {
    const variables = Object.fromEntries(
      [...readFileSync(join(root, COMPOSE_FOLDER, 'observe.env'), 'utf8').matchAll(/^(\w+)=(.*)$/gm)].map(
        ([, name = '', value = '']) => [name, value],
      ),
    );
    const observed = readCompose(text, variables);
    for (const name of ['standalone', 'interaction', 'payment-station', 'payment-da'])
      expect(observed.services[name]?.environment?.['GIFTMESH_OTLP_ENDPOINT']).toBe('http://otel-collector:4318');
  });
});

interface Manifest {
  readonly kind: string;
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly image: string;
          readonly args?: readonly string[];
          readonly env?: readonly { readonly name: string; readonly value: string }[];
        }[];
      };
    };
  };
}

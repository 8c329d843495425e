import { linkProblems } from './link-rules';
import { changed, nameOf, type Manifest } from './manifest';
import { OPTIONAL_OVERLAY } from './optional';
import { useRendered } from './rendered';

const PROD = 'kustomize/overlays/prod';
const GRAY = 'kustomize/overlays/gray';

describe('references', () => {
  const rendered = useRendered();

  /** What is installed together, into one namespace. */
  const installed = (): readonly (readonly Manifest[])[] => [
    rendered.of('kustomize/overlays/local'),
    rendered.of(OPTIONAL_OVERLAY),
    [...rendered.of('kustomize/overlays/test'), ...rendered.of('istio/overlays/test')],
    [...rendered.of(PROD), ...rendered.of('istio/overlays/prod')],
    [...rendered.of(PROD), ...rendered.of(GRAY), ...rendered.of('istio/overlays/gray')],
    [...rendered.of('kustomize/overlays/stress'), ...rendered.of('istio/overlays/stress')],
  ];

  it('lead where they should, in all that is installed together', () => {
    for (const manifests of installed()) expect(linkProblems(manifests)).toEqual([]);
  });

  it('bring all of it into one namespace', () => {
    for (const manifests of installed()) {
      const namespaces = manifests.map(({ kind, metadata }) =>
        kind === 'Namespace' ? metadata.name : metadata.namespace,
      );
      expect(new Set(namespaces).size).toBe(1);
    }
  });

  it('name no object twice, but for what has the same content', () => {
    for (const manifests of installed()) {
      const seen = new Map<string, string>();
      for (const manifest of manifests) {
        const text = JSON.stringify(manifest);
        const key = `${manifest.apiVersion} ${nameOf(manifest)}`;
        expect([key, seen.get(key) ?? text]).toEqual([key, text]);
        seen.set(key, text);
      }
    }
  });

  const planted = (name: string, path: readonly (string | number)[], value: unknown): readonly string[] =>
    linkProblems(
      [...rendered.of(PROD), ...rendered.of(GRAY)].map((manifest) =>
        nameOf(manifest) === name ? changed(manifest, path, value) : manifest,
      ),
    );

  it.each<readonly [string, string, readonly (string | number)[], unknown, string]>([
    ['a port of a service', 'Service/payment-da', ['spec', 'ports', 0, 'port'], 7002, 'is 7002 and leads to 7003'],
    ['a name of a port', 'Service/payment-da', ['spec', 'ports', 0, 'targetPort'], 'grpc', 'leads to no port'],
    [
      'the pods of a service',
      'Service/payment-da',
      ['spec', 'selector', 'app.kubernetes.io/name'],
      'da',
      'has no pods',
    ],
    [
      'the pods of another lane',
      'Deployment/payment-da',
      ['spec', 'selector', 'matchLabels', 'giftmesh.dev/lane'],
      undefined,
      'takes the pods of Deployment/payment-da-gray',
    ],
    [
      'a service account',
      'Deployment/payment-da',
      ['spec', 'template', 'spec', 'serviceAccountName'],
      'da',
      'no ServiceAccount/da',
    ],
    [
      'a map of settings',
      'Deployment/payment-da',
      ['spec', 'template', 'spec', 'containers', 0, 'envFrom', 0, 'configMapRef', 'name'],
      'da',
      'no ConfigMap/da',
    ],
    [
      'what is scaled',
      'HorizontalPodAutoscaler/interaction',
      ['spec', 'scaleTargetRef', 'name'],
      'payment-da',
      'by two',
    ],
    [
      'a budget',
      'PodDisruptionBudget/payment-da',
      ['spec', 'selector', 'matchLabels', 'giftmesh.dev/lane'],
      'blue',
      'about no pod',
    ],
    [
      'a port of a network policy',
      'NetworkPolicy/payment-da',
      ['spec', 'ingress', 0, 'ports', 0, 'port'],
      'grpc-da',
      'opens grpc-da',
    ],
  ])('that are wrong are found: %s', (_what, name, path, value, problem) => {
    expect(planted(name, path, value)).toContainEqual(expect.stringContaining(problem));
  });
});

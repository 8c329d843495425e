import { changed, nameOf, type Manifest } from './manifest';
import { podProblems } from './pod-rules';
import { useRendered } from './rendered';

const PROD = 'kustomize/overlays/prod';
const POD = ['spec', 'template', 'spec'] as const;
const CONTAINER = [...POD, 'containers', 0] as const;

describe('pods', () => {
  const rendered = useRendered();

  it('have no right too many, all probes, time to go, and a share of the machine', () => {
    for (const [overlay, manifests] of rendered.all()) expect([overlay, podProblems(manifests)]).toEqual([overlay, []]);
  });

  it.each<readonly [string, readonly (string | number)[], unknown, string]>([
    ['a probe that is missing', [...CONTAINER, 'livenessProbe'], undefined, 'has no livenessProbe'],
    ['a probe on a wrong port', [...CONTAINER, 'readinessProbe', 'grpc', 'port'], 7001, 'port 7001, which it has not'],
    ['readiness by something else', [...CONTAINER, 'readinessProbe', 'grpc'], undefined, 'without being asked by gRPC'],
    ['too little time to drain', [...POD, 'terminationGracePeriodSeconds'], 20, 'is killed after 20 s'],
    ['no time to be forgotten', [...CONTAINER, 'lifecycle'], undefined, 'before others know'],
    ['too little time to start', [...CONTAINER, 'startupProbe', 'failureThreshold'], 30, 'has 90 s to start'],
    ['root', [...POD, 'securityContext', 'runAsNonRoot'], false, 'may run as root'],
    ['a root that can be written', [...CONTAINER, 'securityContext', 'readOnlyRootFilesystem'], undefined, 'its root'],
    ['privileges', [...CONTAINER, 'securityContext', 'privileged'], true, 'may be privileged'],
    ['capabilities', [...CONTAINER, 'securityContext', 'capabilities', 'drop'], ['NET_RAW'], 'keeps capabilities'],
    ['every system call', [...POD, 'securityContext', 'seccompProfile'], undefined, 'every system call'],
    ['a token', [...POD, 'automountServiceAccountToken'], undefined, 'token'],
    ['variables of services', [...POD, 'enableServiceLinks'], undefined, 'variables'],
    ['any image', [...CONTAINER, 'image'], 'giftmesh/payment-station:latest', 'may be any'],
    ['no memory limit', [...CONTAINER, 'resources', 'limits'], undefined, 'limits.memory'],
    ['no spread', [...POD, 'topologySpreadConstraints'], [], 'is not spread'],
    [
      'a key of the spread in both places',
      [...POD, 'topologySpreadConstraints', 0, 'labelSelector', 'matchLabels', 'giftmesh.dev/lane'],
      'base',
      'giftmesh.dev/lane twice',
    ],
  ])('with %s are found', (_what, path, value, problem) => {
    const station = (manifest: Manifest): boolean => nameOf(manifest) === 'Deployment/payment-station';
    const manifests = rendered
      .of(PROD)
      .map((manifest) => (station(manifest) ? changed(manifest, path, value) : manifest));
    expect(podProblems(manifests)).toContainEqual(expect.stringContaining(problem));
  });
});

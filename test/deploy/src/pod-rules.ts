import { at, labelsAt, listAt, type Fields, type Manifest } from './manifest';
import { portOf, settingsOf, workloadsOf, type Workload } from './workloads';

/** What closes behind the drain: connections to servers and the group of Kafka, then the last spans (mesh-stack: 3 s). Seconds. */
const CLOSING_S = 8;
/** Servers that a process may have to wait for, one after the other: Redis, Kafka, MySQL. */
const SERVERS = 3;

/** What is wrong with the pods of an overlay: rights, probes, the time for going, what they ask for. */
export function podProblems(manifests: readonly Manifest[]): readonly string[] {
  return workloadsOf(manifests).flatMap((workload) => {
    const wrong = [
      ...rightsProblems(workload),
      ...resourceProblems(workload),
      ...spreadProblems(workload),
      ...(workload.isService ? serviceProblems(workload, manifests) : []),
    ];
    return wrong.map((problem) => `${workload.name}: ${problem}`);
  });
}

function rightsProblems({ pod, containers, isOurs, manifest }: Workload): string[] {
  const wrong: string[] = [];
  const must = (holds: boolean, problem: string): void => void (holds || wrong.push(problem));
  const isGateway = containers.some(({ name }) => name === 'istio-proxy');
  // Istio's gateway shows its token to istiod.
  must(isGateway || pod['automountServiceAccountToken'] === false, 'has a token for the Kubernetes API');
  must(pod['enableServiceLinks'] === false, 'gets variables that nobody wrote');
  must(at(pod, 'securityContext', 'runAsNonRoot') === true, 'may run as root');
  must(at(pod, 'securityContext', 'seccompProfile', 'type') === 'RuntimeDefault', 'may make every system call');
  must(manifest.kind === 'StatefulSet' || pod['serviceAccountName'] !== undefined, 'has no identity of its own');
  for (const { securityContext, image } of containers) {
    must(at(securityContext, 'privileged') === false, 'may be privileged');
    must(at(securityContext, 'allowPrivilegeEscalation') === false, 'may gain rights');
    must(JSON.stringify(at(securityContext, 'capabilities', 'drop')) === '["ALL"]', 'keeps capabilities');
    // Servers of others write where they like.
    must(!(isOurs || isGateway) || at(securityContext, 'readOnlyRootFilesystem') === true, 'may write its root');
    must(image === 'auto' || /:(?!latest$)[\w.-]+$/.test(String(image)), `runs ${String(image)}, which may be any`);
  }
  return wrong;
}

function resourceProblems({ containers }: Workload): string[] {
  return containers.flatMap(({ resources }) =>
    [
      ['requests', 'cpu'],
      ['requests', 'memory'],
      ['limits', 'memory'],
    ].flatMap((path) => (at(resources, ...path) === undefined ? [`has no ${path.join('.')}`] : [])),
  );
}

/** The API server refuses a key that stands in both. */
function spreadProblems({ pod }: Workload): string[] {
  return listAt(pod, 'topologySpreadConstraints').flatMap((constraint) => {
    const keys = (at(constraint, 'matchLabelKeys') ?? []) as readonly string[];
    const selector = labelsAt(constraint, 'labelSelector', 'matchLabels');
    return keys.filter((key) => key in selector).map((key) => `is spread by ${key} twice`);
  });
}

function serviceProblems({ pod, containers }: Workload, manifests: readonly Manifest[]): string[] {
  const [container = {}] = containers;
  const settings = settingsOf(container, manifests);
  const wrong = ['startupProbe', 'readinessProbe', 'livenessProbe'].flatMap((probe) => probeProblems(container, probe));
  if (at(container, 'readinessProbe', 'grpc') === undefined) wrong.push('is ready without being asked by gRPC');
  if (listAt(pod, 'topologySpreadConstraints').length === 0) wrong.push('is not spread');
  const graceS = Number(pod['terminationGracePeriodSeconds']);
  const preStopS = Number(at(container, 'lifecycle', 'preStop', 'sleep', 'seconds'));
  const drainS = Number(settings['GIFTMESH_DRAIN_LIMIT_MS']) / 1_000;
  if (!(preStopS >= 3)) wrong.push('refuses calls before others know that it goes');
  if (!(graceS >= preStopS + drainS + CLOSING_S))
    wrong.push(`is killed after ${graceS} s, and needs ${preStopS} + ${drainS} + ${CLOSING_S}`);
  const startS =
    Number(at(container, 'startupProbe', 'periodSeconds')) * Number(at(container, 'startupProbe', 'failureThreshold'));
  const waitS = (SERVERS * Number(settings['GIFTMESH_SERVERS_WAIT_MS'])) / 1_000;
  if (!(startS > waitS)) wrong.push(`has ${startS} s to start, and waits for servers up to ${waitS} s`);
  return wrong;
}

function probeProblems(container: Fields, probe: string): string[] {
  const found = at(container, probe);
  if (found === undefined) return [`has no ${probe}`];
  const port = at(found, 'grpc', 'port') ?? at(found, 'httpGet', 'port');
  return portOf([container], port) === undefined ? [`has a ${probe} on port ${String(port)}, which it has not`] : [];
}

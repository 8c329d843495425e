import { at, labelsAt, listAt, nameOf, selects, type Manifest } from './manifest';
import { portOf, settingsOf, workloadsOf, type Workload } from './workloads';

/**
 * What leads nowhere, or to the wrong place, among objects that are installed into one namespace: selectors, names and ports. Service accounts of
 * others may be named by who calls us.
 */
export function linkProblems(manifests: readonly Manifest[]): readonly string[] {
  const workloads = workloadsOf(manifests);
  const has = (name: string): boolean => manifests.some((manifest) => nameOf(manifest) === name);
  return [
    ...selectorProblems(workloads),
    ...manifests.filter(({ kind }) => kind === 'Service').flatMap((service) => portProblems(service, workloads)),
    ...manifests.flatMap((manifest) => podSelectorProblems(manifest, workloads)),
    ...workloads.flatMap(({ name, pod, containers }) => {
      const account = `ServiceAccount/${String(pod['serviceAccountName'])}`;
      const wrong = pod['serviceAccountName'] === undefined || has(account) ? [] : [`${name}: there is no ${account}`];
      for (const container of containers) {
        try {
          settingsOf(container, manifests);
        } catch (error) {
          wrong.push(`${name}: ${(error as Error).message}`);
        }
      }
      return wrong;
    }),
    ...scalerProblems(manifests, workloads),
  ];
}

/** A Deployment must take its own pods and nobody else's. */
function selectorProblems(workloads: readonly Workload[]): string[] {
  return workloads
    .filter(({ manifest }) => ['Deployment', 'StatefulSet'].includes(manifest.kind))
    .flatMap(({ name, manifest, labels }) => {
      const selector = labelsAt(manifest, 'spec', 'selector', 'matchLabels');
      const others = workloads.filter((other) => other.name !== name && selects(selector, other.labels));
      return [
        ...(selects(selector, labels) ? [] : [`${name} does not take its own pods`]),
        ...others.map((other) => `${name} takes the pods of ${other.name}`),
      ];
    });
}

function portProblems(service: Manifest, workloads: readonly Workload[]): string[] {
  const selected = workloads.filter(({ labels }) => selects(labelsAt(service, 'spec', 'selector'), labels));
  if (selected.length === 0) return [`${nameOf(service)} has no pods`];
  return listAt(service, 'spec', 'ports').flatMap(({ targetPort, port, name }) =>
    selected.flatMap(({ name: workload, containers }) => {
      // Istio's gateway listens on what its rules say.
      if (containers.some((container) => container['name'] === 'istio-proxy')) return [];
      const found = portOf(containers, targetPort);
      if (found === port) return [];
      return [
        `${nameOf(service)}: ${String(name)} is ${String(port)} and leads to ${found ?? 'no port'} of ${workload}`,
      ];
    }),
  );
}

/** Budgets and network policies that are about nobody protect nobody. */
function podSelectorProblems(manifest: Manifest, workloads: readonly Workload[]): string[] {
  const path = { PodDisruptionBudget: ['spec', 'selector'], NetworkPolicy: ['spec', 'podSelector'] }[manifest.kind];
  if (path === undefined) return [];
  const about = workloads.filter(({ labels }) => {
    const expressions = listAt(manifest, ...path, 'matchExpressions');
    return (
      selects(labelsAt(manifest, ...path, 'matchLabels'), labels) &&
      expressions.every(({ key, values }) => (values as string[]).includes(labels[String(key)] ?? ''))
    );
  });
  if (about.length === 0) return [`${nameOf(manifest)} is about no pod`];
  return listAt(manifest, 'spec', 'ingress')
    .flatMap((rule) => listAt(rule, 'ports'))
    .filter(({ port }) => typeof port === 'string' && !about.some(({ containers }) => portOf(containers, port)))
    .map(({ port }) => `${nameOf(manifest)} opens ${String(port)}, which no pod has`);
}

function scalerProblems(manifests: readonly Manifest[], workloads: readonly Workload[]): string[] {
  const scalers = manifests.filter(({ kind }) => kind === 'HorizontalPodAutoscaler' || kind === 'ScaledObject');
  const targets = scalers.map((scaler) => `Deployment/${String(at(scaler, 'spec', 'scaleTargetRef', 'name'))}`);
  return targets.flatMap((target, index) => [
    ...(workloads.some(({ name }) => name === target) ? [] : [`there is no ${target} to scale`]),
    ...(targets.indexOf(target) === index ? [] : [`${target} is scaled by two`]),
  ]);
}

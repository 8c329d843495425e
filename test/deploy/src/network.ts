import { at, labelsAt, listAt, selects, type Fields, type Labels, type Manifest } from './manifest';
import { portOf, type Workload } from './workloads';

/** Whether network policies let pods connect to others of the same namespace: what the caller may leave by, and the other takes. */
export function mayConnect(policies: readonly Manifest[], from: Workload, to: Workload, port: number): boolean {
  const opens = (type: 'Egress' | 'Ingress', mine: Workload, other: Workload): boolean => {
    const about = policies.filter(
      ({ spec }) => takes(at(spec, 'podSelector'), mine.labels) && (at(spec, 'policyTypes') as string[]).includes(type),
    );
    const rules = about.flatMap((policy) => listAt(policy, 'spec', type.toLowerCase()));
    const peers = type === 'Egress' ? 'to' : 'from';
    return (
      about.length === 0 ||
      rules.some((rule) => {
        const isPeer = rule[peers] === undefined || listAt(rule, peers).some((peer) => isPod(peer, other.labels));
        return isPeer && listAt(rule, 'ports').some((one) => isPort(one['port'], to, port));
      })
    );
  };
  return opens('Egress', from, to) && opens('Ingress', to, from);
}

function isPort(named: unknown, { containers }: Workload, port: number): boolean {
  return named === port || (typeof named === 'string' && portOf(containers, named) === port);
}

/** Peers in other namespaces or at addresses are none of the pods here. */
function isPod(peer: Fields, labels: Labels): boolean {
  return (
    peer['namespaceSelector'] === undefined && peer['podSelector'] !== undefined && takes(peer['podSelector'], labels)
  );
}

function takes(selector: unknown, labels: Labels): boolean {
  return (
    selects(labelsAt(selector, 'matchLabels'), labels) &&
    listAt(selector, 'matchExpressions').every(({ key, values }) =>
      (values as string[]).includes(labels[String(key)] ?? ''),
    )
  );
}

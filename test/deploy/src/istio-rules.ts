import { at, labelsAt, listAt, nameOf, type Manifest } from './manifest';
import { durationMs, durationsOf, routesOf } from './istio-routes';

/** What is wrong among Istio's rules, and between them and the services that they are about. */
export function istioProblems(rules: readonly Manifest[], services: readonly Manifest[]): readonly string[] {
  const everything = [...services, ...rules];
  return [
    ...rules.filter(({ apiVersion }) => apiVersion.includes('.istio.io/')).flatMap(durationProblems),
    ...destinationProblems(rules, everything),
    ...rules.filter(({ kind }) => kind === 'VirtualService').flatMap((service) => gatewayProblems(service, rules)),
    ...rules.flatMap((rule) => selectorProblems(rule, everything)),
  ];
}

function durationProblems(rule: Manifest): string[] {
  return durationsOf(rule.spec).flatMap(([path, text]) => {
    try {
      durationMs(text);
      return [];
    } catch (error) {
      return [`${nameOf(rule)}${path}: ${(error as Error).message}`];
    }
  });
}

function destinationProblems(rules: readonly Manifest[], everything: readonly Manifest[]): string[] {
  return routesOf(rules).flatMap(({ service, name, destinations, fields }) => {
    const weights = destinations.map(({ weight }) => (weight === undefined ? undefined : Number(weight)));
    const sum = weights.reduce<number>((total, weight) => total + (weight ?? 0), 0);
    const wrong = weights.length > 1 && sum !== 100 ? [`${service} ${name}: its weights make ${sum}`] : [];
    for (const target of [...destinations, ...listAt(fields, 'mirrors')]) {
      const host = String(at(target, 'destination', 'host'));
      const port = at(target, 'destination', 'port', 'number');
      const subset = at(target, 'destination', 'subset') as string | undefined;
      const found = everything.find((manifest) => nameOf(manifest) === `Service/${host}`);
      const rule = rules.find((manifest) => nameOf(manifest) === `DestinationRule/${host}`);
      if (!listAt(found, 'spec', 'ports').some((one) => one['port'] === port))
        wrong.push(`${service} ${name}: there is no ${host}:${String(port)}`);
      if (subset !== undefined && !listAt(rule, 'spec', 'subsets').some((one) => one['name'] === subset))
        wrong.push(`${service} ${name}: ${host} has no subset ${subset}`);
    }
    return wrong;
  });
}

function gatewayProblems(service: Manifest, rules: readonly Manifest[]): string[] {
  const gateways = (at(service, 'spec', 'gateways') ?? []) as readonly string[];
  const hosts = (at(service, 'spec', 'hosts') ?? []) as readonly string[];
  return gateways.flatMap((name) => {
    const gateway = rules.find((rule) => nameOf(rule) === `Gateway/${name}`);
    if (gateway === undefined) return [`${nameOf(service)}: there is no Gateway/${name}`];
    const served = listAt(gateway, 'spec', 'servers').flatMap((server) => server['hosts'] as string[]);
    const taken = (host: string): boolean => served.some((one) => one === `./${host}` || one === './*');
    return hosts.filter((host) => !taken(host)).map((host) => `${nameOf(service)}: Gateway/${name} takes no ${host}`);
  });
}

/** A rule whose selector takes no pod protects nobody. */
function selectorProblems(rule: Manifest, everything: readonly Manifest[]): string[] {
  if (!rule.apiVersion.startsWith('security.istio.io/')) return [];
  const selector = Object.entries(labelsAt(rule, 'spec', 'selector', 'matchLabels'));
  const isThere = everything.some(({ kind, spec }) => {
    const labels = labelsAt(spec, 'template', 'metadata', 'labels');
    return kind === 'Deployment' && selector.every(([key, value]) => labels[key] === value);
  });
  return isThere ? [] : [`${nameOf(rule)} is about no pod`];
}

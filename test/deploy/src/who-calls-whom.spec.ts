import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HEALTH_SERVICE } from '@giftmesh/mesh-health';
import { repositoryRoot } from '@giftmesh/test-harness';
import { isAllowed } from './authorization';
import { APPS, methodsOf, SERVICES, type App } from './contract';
import { listAt, nameOf, type Manifest } from './manifest';
import { mayConnect } from './network';
import { useRendered } from './rendered';
import { workloadsOf, type Workload } from './workloads';

const rendered = useRendered();

const GATEWAY = 'giftmesh-gateway';
const CALLERS = [GATEWAY, ...APPS, 'operator', 'billing', 'default'];
const HEALTH = `/${HEALTH_SERVICE}/Check`;
/** What whoever takes payments may ask of the station. */
const ORDERS = ['ApplyOrder', 'ReverseEvent', 'ListAssetRecords'].map(
  (method) => `/${SERVICES['payment-station']}/${method}`,
);

/** The methods of a service that another one calls, by its source: `what.methodName(` of the client that it is given. */
function calledBy(service: string, client: string, app: App): readonly string[] {
  const folder = join(repositoryRoot(), 'libs/service', service, 'src');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/\.(spec|property|bench)\.ts$|test-kit|testing/.test(path))
    .map((path) => readFileSync(join(folder, path), 'utf8'));
  return [...methodsOf(app).keys()].filter((path) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const call = new RegExp(`\\b${client}\\s*\\.${name.charAt(0).toLowerCase()}${name.slice(1)}\\b`);
    return sources.some((source) => call.test(source));
  });
}

describe('who may call which method', () => {
  const policies = (overlay = 'prod'): readonly Manifest[] =>
    rendered.of(`istio/overlays/${overlay}`).filter(({ kind }) => kind === 'AuthorizationPolicy');
  const may = (from: string, app: App, path: string, of = policies()): boolean =>
    isAllowed(of, { from, path, labels: { 'app.kubernetes.io/name': app } });
  const callersOf = (app: App, path: string, of = policies()): readonly string[] =>
    CALLERS.filter((from) => may(from, app, path, of));

  it.each(['prod', 'gray', 'stress', 'test'])('is the same in %s', (overlay) => {
    for (const app of APPS)
      for (const path of [...methodsOf(app).keys(), HEALTH, '/other.Service/Method'])
        expect(callersOf(app, path, policies(overlay))).toEqual(callersOf(app, path));
  });

  it('is the gateway, for what viewers do', () => {
    for (const path of methodsOf('interaction').keys()) expect(callersOf('interaction', path)).toEqual([GATEWAY]);
  });

  it('is interaction at the station, for what it really calls, and payments for orders', () => {
    const called = calledBy('interaction', 'payments', 'payment-station');
    expect(called.length).toBeGreaterThanOrEqual(2);
    for (const path of methodsOf('payment-station').keys()) {
      expect([path, may('interaction', 'payment-station', path)]).toEqual([path, called.includes(path)]);
      expect([path, may('billing', 'payment-station', path)]).toEqual([path, ORDERS.includes(path)]);
    }
    expect(callersOf('payment-station', HEALTH)).toEqual(['interaction']);
  });

  it('is the station alone at the ledger', () => {
    for (const path of [...methodsOf('payment-da').keys(), HEALTH])
      expect([path, callersOf('payment-da', path)]).toEqual([path, ['payment-station']]);
  });

  it('is whom the contract names, who are let in by certificate where there is no Istio', () => {
    const named = new Set<string>();
    for (const app of APPS) {
      for (const [path, { callers = [] }] of methodsOf(app)) {
        expect([path, [...callers].sort()]).toEqual([path, [...callersOf(app, path)].sort()]);
        expect(callers.length).toBeGreaterThan(0);
        for (const caller of callers) named.add(caller);
      }
    }
    // A name that nobody here has would be compared with nothing.
    expect([...named].filter((caller) => !CALLERS.includes(caller))).toEqual([]);
    expect([...named].sort()).toEqual(['billing', GATEWAY, 'interaction', 'payment-station']);
  });

  it('would differ from the contract if a rule let somebody else in', () => {
    const careless = structuredClone(policies()) as Manifest[];
    const station = careless.find((policy) => nameOf(policy) === 'AuthorizationPolicy/payment-station') as Manifest;
    const [first] = listAt(station, 'spec', 'rules') as [{ from: [{ source: { serviceAccounts: string[] } }] }];
    first.from[0].source.serviceAccounts.push('operator');
    const path = `/${SERVICES['payment-station']}/ChangeAssets`;
    expect(callersOf('payment-station', path, careless)).toEqual(['interaction', 'operator']);
    expect(methodsOf('payment-station').get(path)?.callers).toEqual(['interaction']);
  });

  it('stays the station alone when a rule is added that lets others in', () => {
    const careless = structuredClone(
      policies().find((policy) => nameOf(policy) === 'AuthorizationPolicy/interaction'),
    ) as Manifest;
    const letIn = { ...careless, spec: { ...careless.spec, selector: {}, rules: [{}] } };
    expect(may('interaction', 'payment-da', HEALTH, [...policies(), letIn])).toBe(false);
    expect(may('billing', 'payment-station', HEALTH, [...policies(), letIn])).toBe(true);
  });

  it('is nobody for a method that is not in the contract, or a service without rules', () => {
    for (const app of APPS) expect(callersOf(app, `/${SERVICES[app]}/Other`)).toEqual([]);
    expect(isAllowed(policies(), { from: 'interaction', path: HEALTH, labels: {} })).toBe(false);
  });
});

describe('who may connect to whom', () => {
  const PORTS: Readonly<Record<string, number>> = {
    interaction: 7001,
    'payment-station': 7002,
    'payment-da': 7003,
    redis: 6379,
    mysql: 3306,
    kafka: 9092,
  };
  const EXPECTED: Readonly<Record<string, readonly string[]>> = {
    [GATEWAY]: ['interaction'],
    interaction: ['payment-station', 'kafka', 'mysql'],
    'payment-station': ['payment-da', 'redis', 'kafka'],
    'payment-da': ['redis', 'kafka', 'mysql'],
    operator: ['redis', 'kafka', 'mysql'],
  };

  it('is who needs to', () => {
    const manifests = [...rendered.of('kustomize/overlays/test'), ...rendered.of('istio/overlays/test')];
    const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy');
    const byApp = new Map<string, Workload>(
      workloadsOf(manifests).map((workload) => [String(workload.labels['app.kubernetes.io/name']), workload]),
    );
    for (const [from, expected] of Object.entries(EXPECTED)) {
      const reached = Object.entries(PORTS).filter(([to, port]) =>
        mayConnect(policies, byApp.get(from) as Workload, byApp.get(to) as Workload, port),
      );
      expect([from, reached.map(([to]) => to).sort()]).toEqual([from, [...expected].sort()]);
    }
  });

  it('is nobody, at the port of metrics, from within', () => {
    const manifests = rendered.of('kustomize/overlays/local');
    const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy');
    const workloads = workloadsOf(manifests).filter(({ isOurs }) => isOurs);
    for (const from of workloads) for (const to of workloads) expect(mayConnect(policies, from, to, 9464)).toBe(false);
  });
});

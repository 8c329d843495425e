import { HEALTH_SERVICE } from '@giftmesh/mesh-health';
import { BAGGAGE_HEADER, STRESS_TOKEN_HEADER } from '@giftmesh/mesh-lanes';
import { APPS, methodsOf, SERVICES, type App } from './contract';
import { durationMs, routesOf, type Route } from './istio-routes';
import { at, listAt } from './manifest';
import { useRendered } from './rendered';

/** What a proxy waits longer than the contract says, so that the service itself answers that the deadline is over. */
const BEHIND_DEADLINE_MS = 500;
/** Failures after which nobody has seen the call. */
const NOT_SEEN = ['connect-failure', 'refused-stream'];
const rendered = useRendered();

const OVERLAYS = ['prod', 'gray', 'test', 'stress'].map((name) => `istio/overlays/${name}`);

function timeoutMsOf(route: Route | undefined): number | undefined {
  return route?.timeout === undefined ? undefined : durationMs(route.timeout);
}

describe.each(OVERLAYS)('%s', (overlay) => {
  const routes = (): readonly Route[] => routesOf(rendered.of(overlay));
  const byMethod = () => routes().flatMap((route) => route.paths.map((path) => ({ route, path })));
  const policyOf = (path: string) => {
    const policy = APPS.flatMap((app) => [...methodsOf(app)]).find(([known]) => known === path)?.[1];
    if (policy === undefined) throw new Error(`${path} is no method`);
    return policy;
  };

  it.each(APPS)('routes every method of %s, and nothing else', (app) => {
    const mine = routes().filter(({ service }) => service === app);
    const base = mine.filter(({ name }) => !name.startsWith('gray-') && name !== 'health');
    expect(base.flatMap(({ paths }) => paths).sort()).toEqual([...methodsOf(app).keys()].sort());
    const gray = new Set(mine.filter(({ name }) => name.startsWith('gray-')).flatMap(({ paths }) => paths));
    if (gray.size > 0) expect([...gray].sort()).toEqual([...methodsOf(app).keys()].sort());
    for (const { destinations } of mine)
      for (const destination of destinations) expect(at(destination, 'destination', 'host')).toBe(app);
  });

  it('gives each method the time that its contract declares and half a second more, and streams no end', () => {
    expect(byMethod().length).toBeGreaterThanOrEqual(17);
    for (const { route, path } of byMethod()) {
      const { deadlineMs } = policyOf(path);
      expect([path, timeoutMsOf(route)]).toEqual([
        path,
        deadlineMs === undefined ? undefined : deadlineMs + BEHIND_DEADLINE_MS,
      ]);
    }
  });

  it('repeats nothing within the mesh, and at the edge only what may be repeated and nobody has seen', () => {
    for (const { service, name, attempts } of routes()) {
      if (service !== 'interaction') expect([service, name, attempts]).toEqual([service, name, 0]);
    }
    for (const { route, path } of byMethod()) {
      if (route.attempts === 0) continue;
      const { idempotency, requestStream, responseStream } = policyOf(path);
      expect([path, idempotency === 'unknown', requestStream || responseStream]).toEqual([path, false, false]);
      expect(route.attempts).toBe(1);
      expect(NOT_SEEN).toEqual(expect.arrayContaining([...route.retryOn]));
      expect(route.retryOn).not.toEqual([]);
    }
  });

  it('lets the health of a service be asked for, which its callers do', () => {
    for (const app of ['payment-station', 'payment-da']) {
      const health = routes().find(({ service, name }) => service === app && name === 'health');
      expect(at(health?.matches, 0, 'uri', 'prefix')).toBe(`/${HEALTH_SERVICE}/`);
    }
  });

  it('takes off the marks of strangers, and never the token of a load test: without it the test would be real', () => {
    for (const { service, name, fields } of routes()) {
      const removed = (at(fields, 'headers', 'request', 'remove') ?? []) as readonly string[];
      expect([service, name, removed]).toEqual([service, name, service === 'interaction' ? [BAGGAGE_HEADER] : []]);
    }
  });

  it('has faults in tests only, and none at the door', () => {
    const faulty = routes().filter(({ hasFault }) => hasFault);
    expect(new Set(faulty.map(({ service }) => service))).toEqual(
      new Set(overlay === 'istio/overlays/test' ? ['payment-station', 'payment-da'] : []),
    );
    for (const { name } of faulty) expect(name).toMatch(/^within-/);
  });
});

describe('copies of calls', () => {
  const stress = 'istio/overlays/stress';

  it('are of unary calls that may be repeated, and of no others', () => {
    const mirrored = routesOf(rendered.of(stress)).filter(({ isMirrored }) => isMirrored);
    const unary = [...methodsOf('interaction')].filter(([, policy]) => !policy.requestStream && !policy.responseStream);
    expect(mirrored.flatMap(({ paths }) => paths).sort()).toEqual(unary.map(([path]) => path).sort());
    for (const [, { idempotency }] of unary) expect(idempotency).not.toBe('unknown');
    for (const [overlay, manifests] of rendered.all()) {
      if (overlay !== stress) expect(routesOf(manifests).filter(({ isMirrored }) => isMirrored)).toEqual([]);
    }
  });

  it('come back through a door that marks them as a load test, with the token that the service knows', () => {
    const [door, ...more] = routesOf(rendered.of(stress)).filter(({ service }) => service === 'interaction-mirror');
    expect(more).toEqual([]);
    const token = at(door?.fields, 'headers', 'request', 'set', STRESS_TOKEN_HEADER);
    const secret = rendered.one('kustomize/overlays/stress', 'Secret/interaction-secrets');
    expect(token).toBe(Buffer.from(secret.data?.['GIFTMESH_STRESS_TOKEN'] ?? '', 'base64').toString());
    expect(door?.isMirrored).toBe(false);
    expect(rendered.of(stress).filter(({ kind }) => kind === 'ConfigMap')).toEqual([]);
  });

  it('are waited for as long as the longest of them may take', () => {
    const [door] = routesOf(rendered.of(stress)).filter(({ service }) => service === 'interaction-mirror');
    const deadlines = [...methodsOf('interaction').values()].map(({ deadlineMs = 0 }) => deadlineMs);
    expect(timeoutMsOf(door)).toBe(Math.max(...deadlines) + BEHIND_DEADLINE_MS);
  });
});

describe.each(['istio/gateway-api/base', 'istio/gateway-api/gray'])('%s', (overlay) => {
  const grpcRoutes = () => rendered.of(overlay).filter(({ kind }) => kind === 'GRPCRoute');

  it('has every method of a service in each rule, and nothing else', () => {
    expect(grpcRoutes().length).toBeGreaterThanOrEqual(3);
    for (const { metadata, spec } of grpcRoutes()) {
      const app = metadata.name.replace(/-gray$/, '') as App;
      for (const rule of listAt(spec, 'rules')) {
        const methods = listAt(rule, 'matches').map(
          (match) => at(match, 'method') as { service: string; method?: string },
        );
        if (rule['name'] === 'health') expect(methods).toEqual([{ type: 'Exact', service: HEALTH_SERVICE }]);
        else
          expect(methods.map(({ service, method }) => `/${service}/${method}`).sort()).toEqual(
            [...methodsOf(app).keys()].sort(),
          );
      }
    }
  });

  it('leads to services that are there, in shares that make a whole', () => {
    const services = [...rendered.of('kustomize/overlays/prod'), ...rendered.of('kustomize/overlays/gray')];
    for (const { spec } of grpcRoutes())
      for (const rule of listAt(spec, 'rules')) {
        const backends = listAt(rule, 'backendRefs');
        for (const { name, port } of backends) {
          const service = services.find(({ kind, metadata }) => kind === 'Service' && metadata.name === name);
          expect([name, listAt(service, 'spec', 'ports').map((one) => one['port'])]).toEqual([name, [port]]);
        }
        const sum = backends.reduce((total, { weight }) => total + Number(weight), 0);
        if (backends.length > 1) expect(sum).toBe(100);
      }
  });

  it('comes in through the gateway that the services know', () => {
    const [gateway] = rendered.of(overlay).filter(({ kind }) => kind === 'Gateway');
    const { metadata } = rendered.one('istio/overlays/prod', 'Service/giftmesh-gateway');
    expect(at(gateway, 'spec', 'addresses', 0, 'value')).toBe(
      `${metadata.name}.${metadata.namespace}.svc.cluster.local`,
    );
    const istio = rendered.one('istio/overlays/prod', 'Gateway/giftmesh');
    expect(at(gateway, 'spec', 'listeners', 0, 'port')).toBe(at(istio, 'spec', 'servers', 0, 'port', 'number'));
    expect(`./${at(gateway, 'spec', 'listeners', 0, 'hostname') as string}`).toBe(
      at(istio, 'spec', 'servers', 0, 'hosts', 0),
    );
  });

  it('takes off the marks of strangers and nothing else', () => {
    for (const { metadata, spec } of grpcRoutes()) {
      const filters = listAt(spec, 'rules').flatMap((rule) => listAt(rule, 'filters'));
      const removed = filters.flatMap((filter) => at(filter, 'requestHeaderModifier', 'remove') as string[]);
      expect(removed).toEqual(metadata.name === 'interaction' ? [BAGGAGE_HEADER] : []);
    }
  });
});

describe('probes', () => {
  it.each(APPS)('ask %s for the service of its contract', (app) => {
    const all = rendered
      .distinct()
      .filter(({ kind, metadata }) => kind === 'Deployment' && metadata.name.startsWith(app));
    expect(all.length).toBeGreaterThanOrEqual(3);
    for (const { spec } of all) {
      expect(at(spec, 'template', 'spec', 'containers', 0, 'readinessProbe', 'grpc', 'service')).toBe(SERVICES[app]);
    }
  });
});

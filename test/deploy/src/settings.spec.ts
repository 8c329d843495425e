import { parse } from 'yaml';
import { z } from 'zod';
import {
  commonSettings,
  embeddedSettings,
  meshSettings,
  mysqlSettings,
  redisSettings,
  storeSettings,
  stressEdgeSettings,
  stressSettings,
  tlsSettings,
} from '@giftmesh/adapter-process';
import { loadConfig, shape } from '@giftmesh/kernel-config';
import { durationMs } from './istio-routes';
import { at, labelsAt, listAt, nameOf, selects, type Labels } from './manifest';
import { useRendered } from './rendered';
import { settingsTable } from './settings-table';
import { portOf, settingsOf, workloadsOf, type Workload } from './workloads';

/** All settings with the values that they may have; ports and addresses are those of single apps. */
const SHAPES = z.object({
  ...commonSettings,
  ...embeddedSettings,
  ...meshSettings,
  ...mysqlSettings,
  ...redisSettings,
  ...storeSettings,
  ...stressSettings,
  ...stressEdgeSettings,
  ...tlsSettings,
  GIFTMESH_INTERACTION_PORT: shape.port(7001),
  GIFTMESH_STATION_PORT: shape.port(7002),
  GIFTMESH_DA_PORT: shape.port(7003),
  GIFTMESH_STATION_ADDRESS: shape.target('a:1'),
  GIFTMESH_DA_ADDRESS: shape.target('a:1'),
  GIFTMESH_AUDIT_INTERVAL_S: shape.integer(0, 604_800, 3_600),
});

/** Of each app, what it listens on, and whom it calls. */
const APPS: Readonly<Record<string, { readonly port: string; readonly calls?: string }>> = {
  interaction: { port: 'GIFTMESH_INTERACTION_PORT', calls: 'GIFTMESH_STATION_ADDRESS' },
  'payment-station': { port: 'GIFTMESH_STATION_PORT', calls: 'GIFTMESH_DA_ADDRESS' },
  'payment-da': { port: 'GIFTMESH_DA_PORT' },
};

describe('settings in Kubernetes', () => {
  const rendered = useRendered();

  /** Each container of ours with what it is told, in every overlay. */
  const told = () =>
    rendered.all().flatMap(([overlay, manifests]) =>
      workloadsOf(manifests)
        .filter(({ isOurs }) => isOurs)
        .map((workload) => {
          const [container = {}] = workload.containers;
          const app = String(workload.labels['app.kubernetes.io/name']);
          return { overlay, manifests, workload, container, app, settings: settingsOf(container, manifests) };
        }),
    );
  const services = () => told().filter(({ workload }) => workload.isService);

  it('are those that the process has: it refuses others', () => {
    expect(services().length).toBeGreaterThanOrEqual(15);
    for (const { overlay, app, settings } of services()) {
      const unknown = Object.keys(settings).filter((name) => !settingsTable(app).has(name));
      expect([overlay, app, unknown]).toEqual([overlay, app, []]);
    }
  });

  it('have values that the process takes', () => {
    for (const { settings } of told()) expect(() => loadConfig(SHAPES, settings)).not.toThrow();
    const [first] = told();
    expect(() => loadConfig(SHAPES, { ...first?.settings, GIFTMESH_PARTITIONS: 'many' })).toThrow(
      'GIFTMESH_PARTITIONS',
    );
    expect(() => loadConfig(SHAPES, { ...first?.settings, GIFTMESH_PARTITION: '1' })).toThrow('GIFTMESH_PARTITION');
  });

  it('put all processes on servers, where every pod can reach them', () => {
    for (const { settings, workload } of told()) {
      expect(settings).toMatchObject({ GIFTMESH_STORES: 'servers' });
      if (workload.isService) expect(settings['GIFTMESH_HOST']).toBe('0.0.0.0');
    }
  });

  it('lay the data out in one way for all processes of an installation', () => {
    for (const [overlay] of rendered.all()) {
      const layouts = told()
        .filter((one) => one.overlay === overlay)
        .map(
          ({
            settings: {
              GIFTMESH_SHARDS: shards,
              GIFTMESH_PARTITIONS: partitions,
              GIFTMESH_KAFKA_TOPIC: topic,
              GIFTMESH_KAFKA_BROKERS: brokers,
            },
          }) => ({ shards, partitions, topic, brokers }),
        );
      for (const layout of layouts) {
        expect(layout).toEqual(layouts[0]);
        expect(Number(layout.shards) % Number(layout.partitions)).toBe(0);
      }
    }
  });

  it('are the same for load tests in all services: a mark that one of them does not know would be refused there', () => {
    for (const { overlay, settings } of services()) {
      expect(settings['GIFTMESH_STRESS'] ?? 'off').toBe(overlay === 'kustomize/overlays/stress' ? 'shadow' : 'off');
    }
  });

  it('name the ports that containers, probes and services have', () => {
    for (const { app, settings, container, manifests, workload } of services()) {
      const port = Number(settings[APPS[app]?.port ?? '']);
      expect(portOf([container], 'grpc-api')).toBe(port);
      expect(at(container, 'readinessProbe', 'grpc', 'port')).toBe(port);
      const names = manifests.filter(
        ({ kind, spec }) => kind === 'Service' && selects(labelsAt(spec, 'selector'), workload.labels),
      );
      expect(names.length).toBeGreaterThan(0);
      for (const service of names)
        expect(listAt(service, 'spec', 'ports')).toEqual([
          { name: 'grpc-api', appProtocol: 'grpc', port, targetPort: 'grpc-api' },
        ]);
    }
  });

  it('name the port of metrics that scrapers are told of', () => {
    for (const { settings, container, workload } of services()) {
      const port = Number(settings['GIFTMESH_ADMIN_ADDRESS']?.split(':')[1]);
      expect(portOf([container], 'http-metrics')).toBe(port);
      expect(annotationsOf(workload)).toMatchObject({
        'prometheus.io/port': String(port),
        'prometheus.io/path': '/metrics',
      });
    }
  });

  it('name services that are there: headless ones where nobody but the process balances, others behind a proxy', () => {
    for (const { app, settings, workload } of services()) {
      const calls = APPS[app]?.calls;
      if (calls === undefined) continue;
      const isBehindProxy = workload.labels['sidecar.istio.io/inject'] === 'true';
      const [, scheme, name, port] = /^(dns:\/\/\/)?([\w-]+):(\d+)$/.exec(settings[calls] ?? '') ?? [];
      expect(scheme !== undefined).toBe(!isBehindProxy);
      // Whoever is in a lane calls by the names of the base lane.
      const service = rendered.one('kustomize/overlays/prod', `Service/${name}`);
      expect(at(service, 'spec', 'clusterIP')).toBe(isBehindProxy ? undefined : 'None');
      expect(at(service, 'spec', 'ports', 0, 'port')).toBe(Number(port));
    }
  });

  it('leave no Payment-DA without a partition', () => {
    for (const [overlay, manifests] of rendered.all()) {
      const da = told().find(
        (one) => one.overlay === overlay && nameOf(one.workload.manifest) === 'Deployment/payment-da',
      );
      if (da === undefined) continue;
      const scaler = manifests.find((manifest) => at(manifest, 'spec', 'scaleTargetRef', 'name') === 'payment-da');
      const most = Number(at(scaler, 'spec', 'maxReplicas') ?? at(scaler, 'spec', 'maxReplicaCount'));
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(Number(da.settings['GIFTMESH_PARTITIONS']));
    }
  });

  it('give a proxy the time to serve a process that drains, within the time of the pod', () => {
    const behindProxy = services().filter(({ workload }) => workload.labels['sidecar.istio.io/inject'] === 'true');
    expect(behindProxy.length).toBeGreaterThan(5);
    for (const { settings, workload, container } of behindProxy) {
      const proxy = parse(annotationsOf(workload)['proxy.istio.io/config'] ?? '') as {
        terminationDrainDuration: string;
      };
      const drainMs = durationMs(proxy.terminationDrainDuration);
      const preStopMs = Number(at(container, 'lifecycle', 'preStop', 'sleep', 'seconds')) * 1_000;
      expect(drainMs).toBeGreaterThanOrEqual(preStopMs + Number(settings['GIFTMESH_DRAIN_LIMIT_MS']));
      expect(drainMs).toBeLessThan(Number(workload.pod['terminationGracePeriodSeconds']) * 1_000);
    }
  });

  it('hold no password of a real installation', () => {
    const secrets = rendered.distinct().filter(({ kind }) => kind === 'Secret');
    expect(secrets.length).toBeGreaterThan(5);
    for (const { data } of secrets) {
      const passwords = Object.values(data as Labels).flatMap((value) => {
        const text = Buffer.from(value, 'base64').toString();
        return [...text.matchAll(/:\/\/[^:/@]+:([^@]+)@/g)].map(([, password]) => password);
      });
      for (const password of passwords) expect(password).toMatch(/^(REPLACE_ME|not-a-secret)$/);
    }
  });
});

function annotationsOf({ manifest }: Workload): Labels {
  return labelsAt(manifest, 'spec', 'template', 'metadata', 'annotations');
}

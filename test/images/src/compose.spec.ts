import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import {
  commonSettings,
  embeddedSettings,
  meshSettings,
  mysqlSettings,
  redisSettings,
  storeSettings,
} from '@giftmesh/adapter-process';
import { loadConfig, shape } from '@giftmesh/kernel-config';
import { GO_BUILD_LIMIT_MS, repositoryRoot, TempFolders } from '@giftmesh/test-harness';
import { HEALTH_FILE, imageOf } from '@giftmesh/tool-image';
import { COMPOSE_FOLDER, composeText, parserProblem, readCompose, type ComposeService } from './compose-file';

const root = repositoryRoot();
const text = composeText();
const file = readCompose(text);
const all = Object.entries(file.services);
const isOurs = ({ image }: ComposeService): boolean => image.startsWith('giftmesh/');
const ours = all.filter(([, service]) => isOurs(service));
const imageName = ({ image }: ComposeService): string => /^giftmesh\/([\w-]+):/.exec(image)?.[1] ?? '';

/** All settings with the values that they may have; ports and addresses are those of single apps. */
const SHAPES = z.object({
  ...commonSettings,
  ...embeddedSettings,
  ...meshSettings,
  ...mysqlSettings,
  ...redisSettings,
  ...storeSettings,
  GIFTMESH_INTERACTION_PORT: shape.port(7001),
  GIFTMESH_STATION_PORT: shape.port(7002),
  GIFTMESH_DA_PORT: shape.port(7003),
  GIFTMESH_STATION_ADDRESS: shape.target('a:1'),
  GIFTMESH_DA_ADDRESS: shape.target('a:1'),
  GIFTMESH_DA_ADMIN_ADDRESS: shape.text('none'),
});

describe('the compose file', () => {
  const folders = new TempFolders();
  afterAll(() => folders.removeAll());

  it(
    'is one by the Compose Specification',
    () => {
      expect(parserProblem(join(root, COMPOSE_FOLDER, 'compose.yaml'))).toBe('');
    },
    GO_BUILD_LIMIT_MS,
  );

  it.each([
    ['a field that is none', '  read_only: true', '  read_olny: true', /read_olny/],
    ['a value of another type', '  pids_limit: 200', '  pids_limit: many', /pids_limit/],
    ['a condition that is none', 'condition: service_started', 'condition: soon', /condition/],
    ['a section that is none', 'volumes:\n  standalone', 'volume:\n  standalone', /volume/],
    ['a default that is cut off', '${GIFTMESH_TAG:-local}', '${GIFTMESH_TAG:-local', /GIFTMESH_TAG|interpolation|yaml/],
  ])('would be refused with %s', (_, right, wrong, found) => {
    const mistaken = text.replace(right, wrong);
    expect(mistaken).not.toBe(text);
    const path = join(folders.make('compose'), 'compose.yaml');
    writeFileSync(path, mistaken);
    expect(parserProblem(path)).toMatch(found);
  });

  it('has profiles for the embedded stores, for servers, for observing and for tools, and nothing that always runs', () => {
    const byProfile = (profile: string) =>
      all
        .filter(([, { profiles }]) => profiles?.includes(profile))
        .map(([name]) => name)
        .sort();
    expect(byProfile('embedded')).toEqual(['standalone']);
    expect(byProfile('real')).toEqual(
      [
        'interaction',
        'kafka',
        'migrate-ledger',
        'migrate-rankings',
        'mysql',
        'payment-da',
        'payment-station',
        'redis',
      ].sort(),
    );
    expect(byProfile('observe')).toEqual(['grafana', 'jaeger', 'otel-collector', 'prometheus']);
    expect(byProfile('tools')).toEqual(['operator']);
    expect(all.filter(([, { profiles = [] }]) => profiles.length !== 1)).toEqual([]);
  });

  it('waits for what is in the same profile, and for health where there is a check', () => {
    for (const [name, { depends_on: needs = {}, profiles }] of all)
      for (const [needed, { condition }] of Object.entries(needs)) {
        const other = file.services[needed];
        expect([name, needed, other?.profiles]).toEqual([name, needed, profiles]);
        if (condition === 'service_healthy') expect(other?.healthcheck).toBeDefined();
        if (condition === 'service_completed_successfully') expect(other?.restart).toBe('no');
      }
  });

  it('gives nobody more rights than needed, and takes images whose tag says what they are', () => {
    for (const [name, service] of all) {
      expect([name, service]).toEqual([
        name,
        expect.objectContaining({
          cap_drop: ['ALL'],
          security_opt: ['no-new-privileges:true'],
          user: expect.stringMatching(/^[1-9]\d*:\d+$/),
          mem_limit: expect.stringMatching(/^\d+[mg]$/),
          pids_limit: expect.any(Number),
          stop_grace_period: expect.stringMatching(/^\d+s$/),
          image: expect.stringMatching(/:(?!latest$)[\w.-]+$/),
        }),
      ]);
      expect(service.privileged).toBeUndefined();
      if (isOurs(service)) expect(service).toMatchObject({ read_only: true, user: '65532:65532' });
      // Others on the network must come in by the host's own means.
      for (const port of service.ports ?? [])
        expect(typeof port === 'string' ? port.startsWith('127.0.0.1:') : port.host_ip === '127.0.0.1').toBe(true);
    }
  });

  it('mounts files that are there, and volumes that it names', () => {
    const used = all.flatMap(([, { volumes = [] }]) =>
      volumes.map((one) => one.split(':') as [string, string, string?]),
    );
    const [paths, names] = [
      used.filter(([from]) => from.startsWith('.')),
      used.filter(([from]) => !from.startsWith('.')),
    ];
    expect(paths.length).toBeGreaterThan(4);
    for (const [from, , mode] of paths)
      expect([from, existsSync(join(root, COMPOSE_FOLDER, from)), mode]).toEqual([from, true, 'ro']);
    expect(names.map(([name]) => name).sort()).toEqual(Object.keys(file.volumes).sort());
  });

  it('holds no password but defaults that say that they are none', () => {
    expect(text.match(/\$\{\w*PASSWORD:-[^}]*\}/g)).toHaveLength(3);
    for (const [, password] of text.matchAll(/PASSWORD:-([^}]*)\}/g)) expect(password).toBe('not-a-secret');
    const secret = readCompose(text, { GIFTMESH_MYSQL_PASSWORD: 'another' });
    expect(secret.services['payment-da']?.environment?.['GIFTMESH_MYSQL_URL']).toContain(':another@mysql');
    expect(secret.services['mysql']?.environment?.['MARIADB_PASSWORD']).toBe('another');
  });
});

describe('services of ours in the compose file', () => {
  it('are images that are there, each built once', () => {
    expect(ours).toHaveLength(7);
    for (const [name, service] of ours) {
      expect([name, imageOf(imageName(service))]).toEqual([name, expect.anything()]);
      if (service.build !== undefined) {
        expect(service.build.target).toBe(imageName(service));
        expect(existsSync(join(root, COMPOSE_FOLDER, service.build.context, service.build.dockerfile))).toBe(true);
      }
    }
    const built = ours.filter(([, { build }]) => build !== undefined).map(([, service]) => imageName(service));
    expect(built.sort()).toEqual([...new Set(ours.map(([, service]) => imageName(service)))].sort());
  });

  it('are told settings that they have, with values that they take', () => {
    for (const [name, service] of ours) {
      const { environment = {} } = service;
      const known = imageName(service) === 'operator' ? Object.keys(SHAPES.shape) : settingsOf(imageName(service));
      expect([name, Object.keys(environment).filter((one) => !known.includes(one))]).toEqual([name, []]);
      expect(() => loadConfig(SHAPES, environment)).not.toThrow();
    }
    expect(() => loadConfig(SHAPES, { GIFTMESH_SHARD: '1' })).toThrow('GIFTMESH_SHARD');
  });

  it('agree on the data', () => {
    const onServers = ours
      .map(([, { environment = {} }]) => environment)
      .filter((one) => one['GIFTMESH_STORES'] === 'servers');
    expect(onServers).toHaveLength(6);
    for (const name of [
      'SHARDS',
      'PARTITIONS',
      'KAFKA_BROKERS',
      'KAFKA_TOPIC',
      'KAFKA_REPLICAS',
      'MYSQL_URL',
      'REDIS_URL',
    ]) {
      const values = onServers.flatMap((one) => one[`GIFTMESH_${name}`] ?? []);
      expect([name, new Set(values).size]).toEqual([name, 1]);
    }
  });

  it('are asked for their health where they listen, by the program in their image', () => {
    const asked = ours.filter(([, { healthcheck }]) => healthcheck !== undefined);
    expect(asked.map(([name]) => name).sort()).toEqual(['interaction', 'payment-da', 'payment-station', 'standalone']);
    for (const [, service] of asked) {
      const [{ port, service: grpc } = { port: 0, service: '' }] = imageOf(imageName(service))?.services ?? [];
      expect(service.healthcheck?.test).toEqual([
        'CMD',
        '/nodejs/bin/node',
        `/app/${HEALTH_FILE}`,
        `127.0.0.1:${port}`,
        grpc,
      ]);
    }
  });

  it('call each other by names and ports that are there, and are two of each', () => {
    for (const [name, calls] of [
      ['interaction', 'STATION'],
      ['payment-station', 'DA'],
    ] as const) {
      const [, callee = '', port] =
        /^dns:\/\/\/([\w-]+):(\d+)$/.exec(file.services[name]?.environment?.[`GIFTMESH_${calls}_ADDRESS`] ?? '') ?? [];
      expect(imageOf(callee)?.services[0]?.port).toBe(Number(port));
      expect(file.services[callee]?.environment).toMatchObject({ [`GIFTMESH_${calls}_PORT`]: port });
    }
    for (const name of ['interaction', 'payment-station', 'payment-da'])
      expect(file.services[name]?.deploy?.replicas).toBe(2);
  });

  it('have the time to drain', () => {
    const { GIFTMESH_DRAIN_LIMIT_MS: drainMs } = loadConfig(z.object(commonSettings), {});
    for (const [, { stop_grace_period: grace = '0s' }] of ours)
      expect(parseInt(grace) * 1_000).toBeGreaterThanOrEqual(drainMs + 8_000);
  });

  it('write where the image may be written, and nowhere else', () => {
    for (const [name, { volumes = [], tmpfs }] of ours) {
      expect(tmpfs).toEqual([expect.stringMatching(/^\/tmp:.*uid=65532/)]);
      expect(volumes).toEqual(name === 'standalone' ? ['standalone-data:/data'] : []);
    }
  });
});

/** Settings of an app, by the table of its README, which its own test compares with the code. */
function settingsOf(app: string): readonly string[] {
  const readme = readFileSync(join(root, 'apps', app, 'README.md'), 'utf8');
  return [...readme.matchAll(/^\| `(GIFTMESH_\w+)`/gm)].map(([, name = '']) => name);
}

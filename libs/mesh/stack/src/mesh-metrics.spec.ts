import { HealthRegistry } from '@giftmesh/mesh-health';
import { MetricsRegistry } from '@giftmesh/mesh-telemetry';
import { service } from '@giftmesh/mesh-context';
import { Mesh } from './index';
import { meshMetrics } from './mesh-metrics';

const bytes = (value: Buffer): Buffer => value;
const definition = {
  echo: {
    path: '/mesh.testing.Stack/Echo',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  },
} as const;

const points = (metrics: MetricsRegistry, wanted: string): string[] | undefined =>
  metrics
    .snapshot()
    .find(({ name }) => name === wanted)
    ?.points.map((point) => [...point.labels, 'value' in point ? point.value : NaN].join(' '));

describe('meshMetrics', () => {
  it('shows numbers, answers and words of policies, what was shed by priority, and who serves', () => {
    const metrics = new MetricsRegistry();
    const health = new HealthRegistry();
    health.register('a.B');
    meshMetrics(metrics, {
      states: () => ({
        servers: { echo: { admission: { level: 7, open: false, admission: 'dagor' } } },
        channels: { 'to echo': { breaker: { '/a.B/C': 'closed' } } },
      }),
      sheds: () => [['echo', new Map([[40, 3]])]],
      health: () => [health],
    });
    expect(points(metrics, 'mesh.policy.state')).toEqual([
      'server echo admission level 7',
      'server echo admission open 0',
    ]);
    expect(points(metrics, 'mesh.policy.mode')).toEqual([
      'server echo admission admission dagor 1',
      'channel to echo breaker /a.B/C closed 1',
    ]);
    expect(points(metrics, 'mesh.admission.sheds')).toEqual(['echo 40 3']);
    expect(points(metrics, 'mesh.service.serving')).toEqual(['a.B 1']);
    health.setDependency('a.B', 'store', false);
    expect(points(metrics, 'mesh.service.serving')).toEqual(['a.B 0']);
  });

  it('is shown by a mesh, with what its servers really shed', async () => {
    let goOn = (): void => undefined;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    const mesh = new Mesh();
    const server = mesh.createServer({
      name: 'echo',
      services: [service(definition, { echo: (request: Buffer) => gate.then(() => request) })],
      errorDomain: 'stack.test',
    });
    try {
      const address = `127.0.0.1:${await server.listen('127.0.0.1:0')}`;
      const client = mesh.createChannel({ name: 'to echo', to: { address } }).client(definition);
      mesh.configure({ server: { concurrency: { kind: 'fixed', limit: 1 }, queueMax: 1 } });
      const answers = Array.from({ length: 9 }, () => client.echo(Buffer.from('x')).catch(() => undefined));
      await Promise.race(answers);
      goOn();
      const shed = (await Promise.all(answers)).filter((answer) => answer === undefined).length;
      expect(shed).toBeGreaterThan(0);
      // Its method declares no priority. A call that was tried again may have been shed again.
      const [sheds = ''] = points(mesh.metrics, 'mesh.admission.sheds') ?? [];
      expect(sheds).toMatch(/^echo 127 \d+$/);
      expect(Number(sheds.split(' ')[2])).toBeGreaterThanOrEqual(shed);
      expect(points(mesh.metrics, 'mesh.service.serving')).toEqual(['mesh.testing.Stack 1']);
      expect(points(mesh.metrics, 'mesh.policy.mode')).toContain(
        'channel to echo breaker /mesh.testing.Stack/Echo closed 1',
      );
    } finally {
      mesh.close();
      await server.close();
    }
  });
});

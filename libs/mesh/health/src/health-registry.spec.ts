import { HealthRegistry } from './health-registry';
import { ServingStatus } from './health-status';

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = ServingStatus;

function watched(registry: HealthRegistry, service: string): { seen: ServingStatus[]; stop: () => void } {
  const seen: ServingStatus[] = [];
  return { seen, stop: registry.watch(service, (status) => seen.push(status)) };
}

describe('HealthRegistry', () => {
  it('serves what is registered, and knows nothing of the rest', () => {
    const registry = new HealthRegistry();
    registry.register('a');
    expect([registry.status('a'), registry.status(''), registry.status('b')]).toEqual([
      SERVING,
      SERVING,
      SERVICE_UNKNOWN,
    ]);
  });

  it('does not serve a service while any of its dependencies is away, nor the process while any service is not', () => {
    const registry = new HealthRegistry();
    registry.register('a');
    registry.register('b');
    registry.setDependency('a', 'ledger', false);
    registry.setDependency('a', 'log', false);
    expect([registry.status('a'), registry.status('b'), registry.status('')]).toEqual([
      NOT_SERVING,
      SERVING,
      NOT_SERVING,
    ]);
    expect(registry.awayDependencies('a')).toEqual(['ledger', 'log']);
    registry.setDependency('a', 'ledger', true);
    expect(registry.status('a')).toBe(NOT_SERVING);
    registry.setDependency('a', 'log', true);
    expect([registry.status('a'), registry.status('')]).toEqual([SERVING, SERVING]);
  });

  it('keeps what is away when a service is registered again', () => {
    const registry = new HealthRegistry();
    registry.setDependency('a', 'ledger', false);
    registry.register('a');
    expect(registry.status('a')).toBe(NOT_SERVING);
  });

  it('tells watchers the status now and every change, once each', () => {
    const registry = new HealthRegistry();
    registry.register('a');
    const { seen, stop } = watched(registry, 'a');
    registry.setDependency('a', 'x', false);
    registry.setDependency('a', 'y', false);
    registry.setDependency('a', 'x', true);
    registry.setDependency('a', 'y', true);
    expect(seen).toEqual([SERVING, NOT_SERVING, SERVING]);
    stop();
    registry.setDependency('a', 'x', false);
    expect(seen.length).toBe(3);
  });

  it('tells watchers of an unknown service when it comes', () => {
    const registry = new HealthRegistry();
    const { seen } = watched(registry, 'late');
    registry.register('late');
    expect(seen).toEqual([SERVICE_UNKNOWN, SERVING]);
  });

  it('tells watchers of the process', () => {
    const registry = new HealthRegistry();
    registry.register('a');
    const { seen } = watched(registry, '');
    registry.setDependency('a', 'x', false);
    registry.register('b');
    registry.setDependency('a', 'x', true);
    expect(seen).toEqual([SERVING, NOT_SERVING, SERVING]);
  });

  it('stops serving for good', () => {
    const registry = new HealthRegistry();
    registry.register('a');
    const { seen } = watched(registry, 'a');
    registry.stopServing();
    registry.setDependency('a', 'x', true);
    registry.register('b');
    expect([registry.status('a'), registry.status('b'), registry.status('')]).toEqual([
      NOT_SERVING,
      NOT_SERVING,
      NOT_SERVING,
    ]);
    expect(seen).toEqual([SERVING, NOT_SERVING]);
  });

  it('ends the watches that are open, and those that come later', () => {
    const registry = new HealthRegistry();
    let ended = 0;
    registry.onEndWatches(() => (ended += 1));
    registry.onEndWatches(() => (ended += 10))();
    registry.endWatches();
    expect(ended).toBe(1);
    registry.onEndWatches(() => (ended += 100));
    expect(ended).toBe(101);
  });

  it('lists the process and every service', () => {
    const registry = new HealthRegistry();
    registry.register('b');
    registry.setDependency('a', 'x', false);
    expect([...registry.statuses()]).toEqual([
      ['', NOT_SERVING],
      ['b', SERVING],
      ['a', NOT_SERVING],
    ]);
  });

  it('refuses to register the empty name', () => {
    expect(() => new HealthRegistry().register('')).toThrow(TypeError);
  });
});

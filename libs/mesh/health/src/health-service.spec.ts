import { SimulatedClock } from '@giftmesh/kernel-time';
import { CallContext, callCancelled, runInCall } from '@giftmesh/mesh-context';
import { undeclaredPolicy } from '@giftmesh/mesh-policy';
import { healthDefinition, type HealthCheckResponse } from './health-definition';
import { HealthRegistry } from './health-registry';
import { healthService, LIST_MAX } from './health-service';
import { ServingStatus } from './health-status';

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = ServingStatus;

function watching(registry: HealthRegistry, service: string) {
  const context = new CallContext({
    method: '/grpc.health.v1.Health/Watch',
    policy: undeclaredPolicy({ requestStream: false, responseStream: true }),
    clock: new SimulatedClock(),
  });
  const watch = healthService(registry).handlers['watch'] as (request: object) => AsyncIterable<HealthCheckResponse>;
  const iterator = watch({ service })[Symbol.asyncIterator]();
  const next = async (): Promise<ServingStatus | 'end'> => {
    const result = await runInCall(context, () => iterator.next());
    return result.done === true ? 'end' : result.value.status;
  };
  return { context, next };
}

describe('healthService', () => {
  it('answers Check, and NOT_FOUND for a service that is not known', () => {
    const registry = new HealthRegistry();
    registry.register('a');
    const check = healthService(registry).handlers['check'];
    expect(check?.({ service: 'a' })).toEqual({ status: SERVING });
    expect(() => check?.({ service: 'b' })).toThrow(expect.objectContaining({ code: 5 }));
  });

  it('lists up to its limit', () => {
    const registry = new HealthRegistry();
    const list = healthService(registry).handlers['list'];
    for (let index = 1; index < LIST_MAX; index += 1) registry.register(`s${index}`);
    expect(Object.keys((list?.({}) as { statuses: object }).statuses).length).toBe(LIST_MAX);
    registry.register('one-more');
    expect(() => list?.({})).toThrow(expect.objectContaining({ code: 8 }));
  });

  it('streams the status and its changes, SERVICE_UNKNOWN first for a service that comes later', async () => {
    const registry = new HealthRegistry();
    const { next } = watching(registry, 'a');
    expect(await next()).toBe(SERVICE_UNKNOWN);
    const change = next();
    registry.register('a');
    expect(await change).toBe(SERVING);
  });

  it('gives a slow watcher the newest status only', async () => {
    const registry = new HealthRegistry();
    registry.register('a');
    const { next } = watching(registry, 'a');
    expect(await next()).toBe(SERVING);
    for (let flap = 0; flap < 1_000; flap += 1) registry.setDependency('a', 'x', flap % 2 === 1);
    registry.setDependency('a', 'x', false);
    expect(await next()).toBe(NOT_SERVING);
  });

  it('says NOT_SERVING and ends when watches end', async () => {
    const registry = new HealthRegistry();
    registry.register('a');
    const { next } = watching(registry, 'a');
    await next();
    registry.stopServing();
    registry.endWatches();
    expect([await next(), await next()]).toEqual([NOT_SERVING, 'end']);
    const late = watching(registry, 'a');
    expect([await late.next(), await late.next()]).toEqual([NOT_SERVING, 'end']);
  });

  it('ends, and leaves the registry, when its call is cancelled', async () => {
    const registry = new HealthRegistry();
    const { context, next } = watching(registry, 'a');
    await next();
    const last = next();
    context.cancel(callCancelled(context.method));
    expect(await last).toBe('end');
  });
});

describe('healthDefinition', () => {
  it('speaks the published wire format', () => {
    const { check, list, watch } = healthDefinition();
    expect([check.path, list.path, watch.path]).toEqual(
      ['Check', 'List', 'Watch'].map((method) => `/grpc.health.v1.Health/${method}`),
    );
    expect([...check.requestSerialize({ service: 'a' })]).toEqual([0x0a, 1, 0x61]);
    expect([...check.responseSerialize({ status: NOT_SERVING })]).toEqual([0x08, 2]);
    const entry = [0x0a, 1, 0x61, 0x12, 2, 0x08, 1];
    expect([...list.responseSerialize({ statuses: { a: { status: SERVING } } })]).toEqual([0x0a, 7, ...entry]);
  });
});

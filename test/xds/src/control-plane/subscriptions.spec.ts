import type { DiscoveryRequest } from './discovery-protos';
import { typeUrl, MESSAGES } from './resource-types';
import { Subscription } from './subscriptions';

const request = (changes: Partial<DiscoveryRequest> = {}): DiscoveryRequest => ({
  version_info: '',
  node: null,
  resource_names: ['a'],
  type_url: typeUrl(MESSAGES.cluster),
  response_nonce: '',
  error_detail: null,
  ...changes,
});

describe('a subscription', () => {
  it('is sent what it asks for, once; then it says what it thinks of it', () => {
    const subscription = new Subscription('cluster');
    expect(subscription.request(request())).toEqual({ verdict: undefined, send: true });
    expect([subscription.wants('a'), subscription.wants('b')]).toEqual([true, false]);
    subscription.sent('7', 'n1');
    expect(subscription.settled).toBe(false);
    expect(subscription.request(request({ response_nonce: 'n1' }))).toEqual({
      verdict: { type: 'cluster', version: '7', problem: undefined },
      send: false,
    });
    expect(subscription.settled).toBe(true);
  });

  it('says why it refuses', () => {
    const subscription = new Subscription('route');
    subscription.request(request());
    subscription.sent('7', 'n1');
    const refused = subscription.request(request({ response_nonce: 'n1', error_detail: { message: 'no' } }));
    expect(refused).toEqual({ verdict: { type: 'route', version: '7', problem: 'no' }, send: false });
  });

  it('is not heard where it answers an older response', () => {
    const subscription = new Subscription('cluster');
    subscription.request(request());
    subscription.sent('7', 'n1');
    subscription.sent('8', 'n2');
    const stale = subscription.request(request({ response_nonce: 'n1', resource_names: ['b'] }));
    expect(stale).toEqual({ verdict: undefined, send: false });
    expect(subscription.wants('b')).toBe(false);
    expect(subscription.settled).toBe(false);
  });

  it('is sent more when it asks for more, and nothing when it asks for less', () => {
    const subscription = new Subscription('endpoint');
    subscription.request(request());
    subscription.sent('7', 'n1');
    const more = subscription.request(request({ response_nonce: 'n1', resource_names: ['a', 'b'] }));
    expect(more.send).toBe(true);
    subscription.sent('7', 'n2');
    expect(subscription.request(request({ response_nonce: 'n2', resource_names: ['b'] })).send).toBe(false);
    expect([subscription.wants('a'), subscription.wants('b')]).toEqual([false, true]);
  });

  it('is for all where it never named anything, and for nothing where it names no more', () => {
    const all = new Subscription('listener');
    expect(all.request(request({ resource_names: [] })).send).toBe(true);
    expect(all.wants('anything')).toBe(true);
    const none = new Subscription('listener');
    none.request(request());
    none.sent('7', 'n1');
    none.request(request({ response_nonce: 'n1', resource_names: [] }));
    expect([none.wants('a'), none.wants('anything')]).toEqual([false, false]);
    // Only listeners and clusters can be had without naming them.
    const routes = new Subscription('route');
    routes.request(request({ resource_names: [] }));
    expect(routes.wants('a')).toBe(false);
  });
});

import { BalancerState, REPORTED_BACKENDS_MAX } from './balancer-state';

describe('BalancerState', () => {
  it('puts together what several balancers know of a backend, while they are there', () => {
    const state = new BalancerState();
    expect([state.backends().size, state.state()]).toEqual([0, {}]);
    const detach = state.attach(() => [['a:1', { health: 'serving' }]]);
    state.attach(() => [
      ['a:1', { ewmaMs: 4, inFlight: 2 }],
      ['b:1', { ready: false }],
    ]);
    expect(state.state()).toEqual({
      'a:1 health': 'serving',
      'a:1 ewmaMs': 4,
      'a:1 inFlight': 2,
      'b:1 ready': false,
    });
    detach();
    detach();
    expect(state.backends().get('a:1')).toEqual({ ewmaMs: 4, inFlight: 2 });
  });

  it('holds no more backends than its limit', () => {
    const state = new BalancerState();
    state.attach(() =>
      Array.from({ length: REPORTED_BACKENDS_MAX + 1 }, (_, index) => [`b:${index}`, { ready: true }]),
    );
    expect(state.backends().size).toBe(REPORTED_BACKENDS_MAX);
  });
});

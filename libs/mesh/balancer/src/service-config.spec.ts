import { experimental } from '@grpc/grpc-js';
import {
  BALANCER_EXTRAS_OPTION,
  balancerOptions,
  registerBalancers,
  serviceConfig,
  type BalancerConfig,
} from './index';

describe('registerBalancers', () => {
  it('is needed, does nothing twice, and is not done by the import', () => {
    expect(experimental.isLoadBalancerNameRegistered('giftmesh.p2c_ewma')).toBe(false);
    expect(() => serviceConfig({ policy: 'p2c_ewma' })).toThrow('registerBalancers()');
    const nested: BalancerConfig = { policy: 'outlier_detection', child: { policy: 'ketama' } };
    expect(() => serviceConfig(nested)).toThrow('giftmesh.ketama');
    registerBalancers();
    registerBalancers();
    for (const name of ['p2c_ewma', 'ketama', 'health_checked', 'gated']) {
      expect(experimental.isLoadBalancerNameRegistered(`giftmesh.${name}`)).toBe(true);
    }
  });
});

describe('serviceConfig', () => {
  const configs: readonly BalancerConfig[] = [
    { policy: 'pick_first', shuffleAddressList: true },
    { policy: 'round_robin' },
    { policy: 'weighted_round_robin', blackoutPeriodMs: 0, weightUpdatePeriodMs: 100, outOfBand: true },
    {
      policy: 'outlier_detection',
      intervalMs: 1_500,
      maxEjectionPercent: 50,
      successRate: { stdevFactor: 1_000 },
      failurePercentage: { thresholdPercent: 50, hostsMin: 1, callsMin: 10 },
      child: { policy: 'p2c_ewma', tauMs: 5_000 },
    },
    { policy: 'p2c_ewma' },
    { policy: 'ketama', weights: { '127.0.0.1:1': 2 }, keyHeader: 'x-room' },
    { policy: 'health_checked', serviceName: 'a.b.C', child: { policy: 'gated', child: { policy: 'pick_first' } } },
    { policy: 'gated', child: { policy: 'outlier_detection', child: { policy: 'round_robin' } } },
  ];

  it.each(configs)('of $policy is what grpc-js reads', (config) => {
    const { loadBalancingConfig } = JSON.parse(serviceConfig(config)) as { loadBalancingConfig: [never] };
    const [json] = loadBalancingConfig;
    const name = experimental.parseLoadBalancingConfig(json).getLoadBalancerName();
    expect(name).toMatch(new RegExp(`^(giftmesh.)?${config.policy}$`));
    // Its own text is read again, as resolvers and operators hand it on.
    const again = experimental.parseLoadBalancingConfig(json).toJsonObject();
    if (name.startsWith('giftmesh.')) expect(again).toEqual(json);
  });

  it('fills in the defaults, names durations as grpc-js wants them, and keeps what else stands there', () => {
    const others = { retryThrottling: { maxTokens: 10, tokenRatio: 0.1 } };
    expect(JSON.parse(serviceConfig({ policy: 'p2c_ewma' }, others))).toEqual({
      ...others,
      loadBalancingConfig: [
        { 'giftmesh.p2c_ewma': { tauMs: 10_000, failurePenalty: 200, windowCalls: 100, longCallMs: 60_000 } },
      ],
    });
    const outlier = serviceConfig({
      policy: 'outlier_detection',
      intervalMs: 1_500.5,
      child: { policy: 'round_robin' },
    });
    expect(JSON.parse(outlier)).toMatchObject({
      loadBalancingConfig: [{ outlier_detection: { interval: { seconds: 1, nanos: 500_500_000 } } }],
    });
  });

  const p2c = { policy: 'p2c_ewma' };
  const deep = Array.from({ length: 8 }).reduce<object>((child) => ({ policy: 'health_checked', child }), p2c);
  it.each([
    [null, 'a policy must be an object, got null'],
    [{ policy: 'fastest' }, 'policy is not known, got "fastest"'],
    [{}, 'policy is not known, got undefined'],
    [{ policy: 'round_robin', weights: {} }, 'round_robin has no option weights'],
    [{ policy: 'pick_first', shuffleAddressList: 1 }, 'shuffleAddressList must be true or false, got 1'],
    [{ ...p2c, tau: 5 }, 'no option tau'],
    [{ ...p2c, tauMs: 99 }, 'tauMs must be from 100 to 600000, got 99'],
    [{ ...p2c, tauMs: 600_001 }, 'tauMs must be from 100 to 600000, got 600001'],
    [{ ...p2c, tauMs: '10s' }, 'tauMs must be a number, got "10s"'],
    [{ ...p2c, tauMs: NaN }, 'got NaN'],
    [{ ...p2c, failurePenalty: -1 }, 'failurePenalty must be from 0 to 1000000, got -1'],
    [{ ...p2c, windowCalls: 1.5 }, 'windowCalls must be a whole number from 1 to 100000, got 1.5'],
    [{ ...p2c, longCallMs: 0 }, 'longCallMs must be from 1'],
    [{ policy: 'ketama', pointsPerBackend: 0 }, 'pointsPerBackend must be a whole number from 1 to 10000, got 0'],
    [{ policy: 'ketama', epsilon: 0 }, 'epsilon must be from 0.01'],
    [{ policy: 'ketama', inFlightFree: -1 }, 'inFlightFree'],
    [
      { policy: 'ketama', keyHeader: 'X-Key' },
      'keyHeader must be a header’s name in lower case, got "X-Key"'.replace('’', "'"),
    ],
    [{ policy: 'ketama', keyHeader: 5 }, 'keyHeader'],
    [{ policy: 'ketama', weights: { a: 0 } }, 'weights[a] must be from 0.01 to 1000, got 0'],
    [{ policy: 'ketama', weights: [1] }, 'weights must be an object'],
    [{ policy: 'health_checked', serviceName: 5, child: p2c }, 'serviceName must be a text'],
    [{ policy: 'health_checked', serviceName: 'x'.repeat(1_001), child: p2c }, 'at most 1000'],
    [{ policy: 'health_checked' }, 'a policy must be an object, got undefined'],
    [{ policy: 'gated', child: { policy: 'health_checked', child: p2c } }, 'gated must not be around'],
    [{ policy: 'gated', child: { policy: 'gated', child: { policy: 'round_robin' } } }, 'gated must not be around'],
    [{ policy: 'outlier_detection', child: { policy: 'pick_first' } }, 'must not be around pick_first'],
    [{ policy: 'outlier_detection', maxEjectionPercent: 101, child: p2c }, 'maxEjectionPercent must be from 0 to 100'],
    [{ policy: 'outlier_detection', successRate: { hosts: 1 }, child: p2c }, 'successRate has no option hosts'],
    [{ policy: 'weighted_round_robin', weightUpdatePeriodMs: 99 }, 'weightUpdatePeriodMs must be from 100'],
    [{ policy: 'weighted_round_robin', outOfBand: 'yes' }, 'outOfBand must be true or false, got "yes"'],
    [deep, 'policies may be nested 8 deep'],
  ])('refuses %j', (config, message) => {
    expect(() => serviceConfig(config as BalancerConfig)).toThrow(message);
  });

  it.each([
    ['giftmesh.p2c_ewma', { tauMs: 1 }],
    ['giftmesh.ketama', []],
    ['giftmesh.health_checked', { childPolicy: [] }],
    ['giftmesh.health_checked', { childPolicy: 'round_robin' }],
    ['giftmesh.gated', { childPolicy: [{ unheard_of: {} }, null] }],
  ])('and so does grpc-js of a text for %s', (name, config) => {
    expect(() => experimental.parseLoadBalancingConfig({ [name]: config })).toThrow(name);
  });
});

test('balancerOptions are a channel’s options, of which connections see only the text', () => {
  const extras = { onDecision: () => undefined };
  const options = balancerOptions({ policy: 'round_robin' }, extras);
  expect(options).toEqual({
    'grpc.service_config': serviceConfig({ policy: 'round_robin' }),
    [BALANCER_EXTRAS_OPTION]: extras,
  });
  expect(BALANCER_EXTRAS_OPTION.startsWith(experimental.SUBCHANNEL_ARGS_EXCLUDE_KEY_PREFIX)).toBe(true);
});

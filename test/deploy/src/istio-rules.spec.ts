import { istioProblems } from './istio-rules';
import { durationMs } from './istio-routes';
import { changed, nameOf, type Manifest } from './manifest';
import { useRendered } from './rendered';

describe("Istio's rules", () => {
  const rendered = useRendered();
  const prod = (): readonly Manifest[] => rendered.of('kustomize/overlays/prod');

  it('fit each other and the services that they are about', () => {
    const installed = [
      ['prod', 'prod'],
      ['gray', 'prod'],
      ['stress', 'stress'],
      ['test', 'test'],
    ] as const;
    for (const [istio, services] of installed) {
      const rules = rendered.of(`istio/overlays/${istio}`);
      expect(rules.length).toBeGreaterThan(20);
      expect([istio, istioProblems(rules, rendered.of(`kustomize/overlays/${services}`))]).toEqual([istio, []]);
    }
  });

  it.each<readonly [string, string, readonly (string | number)[], unknown, string]>([
    ['a timeout of 0', 'VirtualService/payment-da', ['spec', 'http', 0, 'timeout'], '0s', 'at least 1 ms'],
    ['a timeout in ms', 'VirtualService/payment-da', ['spec', 'http', 0, 'timeout'], '500ms', 'in seconds'],
    [
      'a port',
      'VirtualService/payment-da',
      ['spec', 'http', 0, 'route', 0, 'destination', 'port', 'number'],
      7002,
      'no payment-da:7002',
    ],
    [
      'a subset',
      'VirtualService/payment-da',
      ['spec', 'http', 0, 'route', 0, 'destination', 'subset'],
      'blue',
      'no subset blue',
    ],
    ['a gateway', 'VirtualService/interaction', ['spec', 'gateways', 0], 'gate', 'no Gateway/gate'],
    ['a host', 'VirtualService/interaction', ['spec', 'hosts', 0], 'gift.example.com', 'takes no gift.example.com'],
    ['a weight', 'VirtualService/interaction', ['spec', 'http', 4, 'route', 0, 'weight'], 90, 'make 95'],
    [
      'an interval',
      'DestinationRule/payment-da',
      ['spec', 'trafficPolicy', 'outlierDetection', 'interval'],
      '5',
      'in seconds',
    ],
    [
      'who is protected',
      'AuthorizationPolicy/payment-da',
      ['spec', 'selector', 'matchLabels', 'app.kubernetes.io/name'],
      'da',
      'about no pod',
    ],
  ])('are found when they are wrong: %s', (_what, name, path, value, problem) => {
    const rules = rendered
      .of('istio/overlays/gray')
      .map((manifest) => (nameOf(manifest) === name ? changed(manifest, path, value) : manifest));
    expect(istioProblems(rules, prod())).toContainEqual(expect.stringContaining(problem));
  });

  it('count time as protobuf does', () => {
    expect([durationMs('3.5s'), durationMs('0.001s'), durationMs('60s')]).toEqual([3_500, 1, 60_000]);
    for (const wrong of ['1m', '0.0001s', '-1s', '5', '']) expect(() => durationMs(wrong)).toThrow(RangeError);
  });
});

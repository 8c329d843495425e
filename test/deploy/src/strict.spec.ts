import { changed, type Manifest } from './manifest';
import { modelErrors } from './model-errors';
import { OPTIONAL_OVERLAY } from './optional';
import { useRendered, type Rendered } from './rendered';
import { typeErrors } from './type-errors';

const COMPILER_LIMIT_MS = 180_000;
const PROD = 'kustomize/overlays/prod';
const ISTIO = 'istio/overlays/prod';
const GATEWAY_API = 'istio/gateway-api/base';

describe('every object', () => {
  const rendered = useRendered();
  const errors: string[] = [];
  let planted: readonly (readonly [Manifest, RegExp])[];

  // In one go: the models' types are what takes the time.
  beforeAll(() => {
    planted = plantedMistakes(rendered);
    errors.push(...typeErrors([...rendered.distinct(), ...planted.map(([manifest]) => manifest)]));
  }, COMPILER_LIMIT_MS);

  it('is of a kind that has a model, and has no field too many, too few or of another type', () => {
    expect(rendered.distinct().length).toBeGreaterThan(100);
    expect(errors.filter((error) => !error.includes('/planted-'))).toEqual([]);
    expect(modelErrors(rendered.distinct())).toEqual([]);
  });

  it('would be refused with a mistake in it', () => {
    const missed = planted.filter(
      ([{ metadata }, what]) => !errors.some((error) => error.includes(`/${metadata.name}:`) && what.test(error)),
    );
    expect(missed.map(([{ kind, metadata }, what]) => `${kind}/${metadata.name}: ${what}`)).toEqual([]);
  });

  it('would be refused by the validators with a value of another type', () => {
    const deployment = rendered.one(PROD, 'Deployment/payment-station');
    const wrong = changed(deployment, ['spec', 'replicas'], 'two');
    expect(modelErrors([deployment, wrong])).toEqual([expect.stringContaining('replicas must be integer')]);
  });
});

type Change = readonly [
  overlay: string,
  name: string,
  path: readonly (string | number)[],
  value: unknown,
  found: RegExp,
];

const POD = ['spec', 'template', 'spec'] as const;
const CHANGES: readonly Change[] = [
  [PROD, 'Deployment/payment-da', [...POD, 'containers', 0, 'readinesProbe'], {}, /readinesProbe/],
  [PROD, 'Deployment/payment-da', [...POD, 'containers', 0, 'readinessProbe', 'grpc', 'port'], '7003', /"port"/],
  [PROD, 'Deployment/payment-da', [...POD, 'terminationGracePeriod'], 30, /terminationGracePeriod"/],
  [PROD, 'Deployment/payment-da', [...POD, 'securityContext', 'seccompProfile', 'kind'], 'x', /"kind"/],
  [PROD, 'Deployment/payment-da', ['spec', 'selector'], undefined, /selector/],
  [PROD, 'Deployment/payment-da', ['apiVersion'], 'example.com/v1', /no model of example\.com\/v1/],
  [PROD, 'Deployment/payment-da', ['apiVersion'], 'apps/v9', /apps\/v9/],
  [PROD, 'HorizontalPodAutoscaler/interaction', ['spec', 'maxReplica'], 3, /maxReplica"/],
  [PROD, 'NetworkPolicy/payment-da', ['spec', 'ingress', 0, 'form'], [], /form/],
  [PROD, 'PodDisruptionBudget/payment-da', ['spec', 'maxAvailable'], 1, /maxAvailable/],
  [PROD, 'CronJob/reconcile', ['spec', 'shedule'], '* * * * *', /shedule/],
  [PROD, 'Job/migrate-ledger', ['spec', 'backofLimit'], 2, /backofLimit/],
  [OPTIONAL_OVERLAY, 'ScaledObject/payment-da', ['spec', 'maxReplicas'], 3, /maxReplicas/],
  [OPTIONAL_OVERLAY, 'ScaledObject/payment-da', ['spec', 'triggers', 0, 'metadata', 'value'], 70, /value/],
  [ISTIO, 'VirtualService/payment-da', ['spec', 'http', 0, 'timeOut'], '1s', /timeOut/],
  [ISTIO, 'VirtualService/payment-da', ['spec', 'http', 0, 'retries', 'attempts'], 'none', /attempts/],
  [ISTIO, 'VirtualService/payment-da', ['spec', 'http', 0, 'match', 0, 'uri', 'exactly'], '/', /exactly/],
  [ISTIO, 'DestinationRule/payment-da', ['spec', 'trafficPolicy', 'outlierDetectoin'], {}, /outlierDetectoin/],
  [ISTIO, 'DestinationRule/payment-da', ['spec', 'trafficPolicy', 'loadBalancer', 'simpel'], 'RANDOM', /simpel/],
  [ISTIO, 'PeerAuthentication/default', ['spec', 'mtls', 'mode'], 'STRONG', /STRONG/],
  [ISTIO, 'RequestAuthentication/viewers', ['spec', 'jwtRules', 0, 'issuers'], [], /issuers/],
  [ISTIO, 'AuthorizationPolicy/payment-da', ['spec', 'rules', 0, 'form'], [], /form/],
  [ISTIO, 'AuthorizationPolicy/payment-da', ['spec', 'rules', 0, 'to', 0, 'operation', 'path'], [], /"path"/],
  [ISTIO, 'Gateway/giftmesh', ['spec', 'servers', 0, 'tls', 'mode'], 'SIMPEL', /SIMPEL/],
  [ISTIO, 'Telemetry/giftmesh', ['spec', 'tracing', 0, 'sampling'], 1, /sampling/],
  [GATEWAY_API, 'GRPCRoute/payment-da', ['spec', 'rules', 0, 'matches', 0, 'method', 'path'], '/', /"path"/],
  [GATEWAY_API, 'Gateway/giftmesh', ['spec', 'listeners', 0, 'tls', 'modes'], [], /modes/],
];

/** Objects with one mistake each, under names of their own, and what the error must speak of. */
function plantedMistakes(rendered: Rendered): readonly (readonly [Manifest, RegExp])[] {
  return CHANGES.map(([overlay, name, path, value, found], index) => {
    const wrong = changed(rendered.one(overlay, name), path, value);
    return [{ ...wrong, metadata: { ...wrong.metadata, name: `planted-${index}` } }, found];
  });
}

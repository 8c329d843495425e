import fc from 'fast-check';
import { BAGGAGE_HEADER, BASE_LANE, CallMarks, isLaneName, readMarks } from '@giftmesh/mesh-lanes';
import { routesOf } from './istio-routes';
import { at, labelsAt, listAt } from './manifest';
import { useRendered } from './rendered';

const LANE = 'gray';
const lane = fc.oneof(
  fc.constant(LANE),
  fc.stringMatching(/^[a-z0-9]{1,6}$/),
  fc.constantFrom('gray2', 'a-gray', 'gray-a'),
);
const member = fc.record({
  key: fc.constantFrom('user', 'lane', 'xmesh.lane', 'mesh.lane2'),
  value: fc.constantFrom('gray', 'mesh.lane=gray', ',mesh.lane=gray', ''),
});

describe('the mark of a lane', () => {
  const rendered = useRendered();

  /** All expressions that rules look for the mark with; they match a header as a whole, as RE2 does in Envoy. */
  const expressions = (): readonly RegExp[] => {
    const istio = routesOf(rendered.of('istio/overlays/prod')).flatMap(({ matches }) =>
      matches.map((match) => at(match, 'headers', BAGGAGE_HEADER, 'regex')),
    );
    const gatewayApi = rendered
      .of('istio/gateway-api/gray')
      .filter(({ kind }) => kind === 'GRPCRoute')
      .flatMap(({ spec }) => listAt(spec, 'rules').flatMap((rule) => listAt(rule, 'matches')))
      .flatMap((match) => listAt(match, 'headers').filter(({ name }) => name === BAGGAGE_HEADER))
      .map((header) => header['value']);
    const texts = new Set([...istio, ...gatewayApi].filter((text) => text !== undefined));
    return [...texts].map((text) => new RegExp(`^(?:${text as string})$`));
  };

  it('is found by proxies exactly where the mesh has set it', () => {
    expect(expressions()).toHaveLength(1);
    const [expression] = expressions();
    fc.assert(
      fc.property(lane, fc.boolean(), fc.array(member, { maxLength: 4 }), (name, stress, others) => {
        const { header } = new CallMarks({ lane: name, stress }, others);
        expect([header, expression?.test(header)]).toEqual([header, readMarks(header).marks.lane === LANE]);
      }),
    );
  });

  it('is looked for in every call within the mesh, or where it comes from', () => {
    const gray = routesOf(rendered.of('istio/overlays/prod')).filter(({ name }) => name.startsWith('gray-'));
    expect(gray.length).toBe(6);
    for (const { matches, destinations } of gray) {
      expect(matches.filter(({ headers }) => headers !== undefined)).toHaveLength(matches.length / 2);
      for (const { sourceLabels, headers } of matches)
        if (headers === undefined) expect(sourceLabels).toEqual({ 'giftmesh.dev/lane': LANE });
      expect(destinations.map((one) => at(one, 'destination', 'subset'))).toEqual([LANE]);
    }
  });

  it('is a label of the pods that run in it, which rules prefer', () => {
    expect(isLaneName(LANE)).toBe(true);
    for (const [overlay, expected] of [
      ['kustomize/overlays/prod', BASE_LANE],
      ['kustomize/overlays/gray', LANE],
    ] as const) {
      const deployments = rendered.of(overlay).filter(({ kind }) => kind === 'Deployment');
      expect(deployments).toHaveLength(3);
      for (const { spec } of deployments)
        expect(labelsAt(spec, 'template', 'metadata', 'labels')['giftmesh.dev/lane']).toBe(expected);
    }
    const rules = rendered.of('istio/overlays/prod').filter(({ kind }) => kind === 'DestinationRule');
    expect(rules).toHaveLength(3);
    for (const { spec } of rules) {
      const [base, gray, ...more] = listAt(spec, 'subsets');
      expect(more).toEqual([]);
      expect(base).toEqual({ name: BASE_LANE, labels: { 'giftmesh.dev/lane': BASE_LANE } });
      expect(gray?.['name']).toBe(LANE);
      expect(at(gray, 'labels')).toBeUndefined();
      expect(at(gray, 'trafficPolicy', 'loadBalancer', 'localityLbSetting', 'failoverPriority')).toEqual([
        `giftmesh.dev/lane=${LANE}`,
      ]);
      // Without it proxies do not fail over.
      expect(at(spec, 'trafficPolicy', 'outlierDetection')).toBeDefined();
    }
  });
});

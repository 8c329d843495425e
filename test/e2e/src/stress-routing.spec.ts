import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { contractDescriptors, da, interaction, station } from '@giftmesh/contract';
import { seededRandom } from '@giftmesh/kernel-random';
import { systemClock } from '@giftmesh/kernel-time';
import { CallContext, metadataOf, Passage, runInCall, service, type ServiceDefinition } from '@giftmesh/mesh-context';
import { lanesServerPolicy, routeStress, stressEdgePolicy } from '@giftmesh/mesh-lanes';
import { METHODS } from './support/methods';
import { STRESS_TOKEN } from './support/stress-clients';

/** The services that have a shadow: all that the contract has but those of the mesh itself. */
const DEFINITIONS: Readonly<Record<string, ServiceDefinition>> = {
  'giftmesh.interaction.v1.InteractionService': interaction.InteractionServiceService,
  'giftmesh.payment.station.v1.PaymentStationService': station.PaymentStationServiceService,
  'giftmesh.payment.da.v1.PaymentDaService': da.PaymentDaServiceService,
};
const EDGE = 'giftmesh.interaction.v1.InteractionService';
const ROUNDS = 200;
const policy = {
  deadlineMs: undefined,
  priority: 0,
  idempotency: 'unknown',
  requestStream: false,
  responseStream: false,
} as const;

/** Every method of the contract, by its path. */
function describedMethods(): { readonly service: string; readonly path: string; readonly name: string }[] {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, contractDescriptors()));
  return [...registry].flatMap((type) =>
    type.kind !== 'service'
      ? []
      : type.methods.map(({ name, localName }) => ({
          service: type.typeName,
          path: `/${type.typeName}/${name}`,
          name: localName,
        })),
  );
}

/** A service whose handlers say which side they are. */
function sideOf(definition: ServiceDefinition, side: string) {
  return Object.fromEntries(Object.keys(definition).map((name) => [name, () => side])) as never;
}

describe('calls of load tests and real calls', () => {
  const methods = describedMethods();

  it('are told apart for every method of the contract: none is forgotten here', () => {
    expect([...new Set(methods.map(({ service }) => service))].sort()).toEqual(Object.keys(DEFINITIONS).sort());
    for (const [name, definition] of Object.entries(DEFINITIONS))
      expect(
        methods
          .filter((one) => one.service === name)
          .map((one) => one.path)
          .sort(),
      ).toEqual(
        Object.values(definition)
          .map(({ path }) => path)
          .sort(),
      );
    expect(METHODS.map(({ path }) => path).sort()).toEqual(methods.map(({ path }) => path).sort());
  });

  it('go to one side each, by their mark alone, whatever else comes with them', () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = seededRandom(seed);
    const some = <T>(values: readonly T[]): T => values[random.integer(0, values.length - 1)] as T;
    for (const { service: serviceName, path, name } of methods) {
      const definition = DEFINITIONS[serviceName] as ServiceDefinition;
      const routed = routeStress(definition, sideOf(definition, 'real'), sideOf(definition, 'shadow'));
      const { handlers } = service(definition, routed);
      const isEdge = serviceName === EDGE;
      const policies = [
        lanesServerPolicy({ trust: !isEdge }),
        ...(isEdge ? [stressEdgePolicy({ token: STRESS_TOKEN })] : []),
      ];
      for (let round = 0; round < ROUNDS; round += 1) {
        const mark = some([undefined, 'mesh.stress=1', 'mesh.stress=0', 'mesh.stress=true', 'mesh.stress=']);
        const lane = some([undefined, 'mesh.lane=blue', 'mesh.lane=BLUE!']);
        const others = some([undefined, 'user=7', 'stress=1', 'x.mesh.stress=1', ',,;=']);
        const token = isEdge ? some([undefined, STRESS_TOKEN]) : undefined;
        const baggage = [others, lane, mark].filter((part) => part !== undefined).join();
        const metadata = new Map([
          ['baggage', baggage],
          ...(token === undefined ? [] : [['x-mesh-stress', token] as const]),
        ]);
        const call = new CallContext({
          method: path,
          policy,
          clock: systemClock,
          metadata: metadataOf(new Map(metadata)),
        });
        void new Passage(policies, call).enter();
        const isMarked = isEdge ? token !== undefined : mark === 'mesh.stress=1';
        const side: unknown = runInCall(call, () => handlers[name]?.({}));
        expect({ seed, path, baggage, side }).toEqual({ seed, path, baggage, side: isMarked ? 'shadow' : 'real' });
      }
    }
  });
});

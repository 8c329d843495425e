import { createFileRegistry, fromBinary, getOption, hasOption, type DescExtension } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema, MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { common, contractDescriptors, da, interaction, station } from './index';

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, contractDescriptors()));
const policy = registry.getExtension('giftmesh.mesh.v1.policy') as DescExtension;
const services = [
  ['giftmesh.interaction.v1.InteractionService', interaction.InteractionServiceService],
  ['giftmesh.payment.station.v1.PaymentStationService', station.PaymentStationServiceService],
  ['giftmesh.payment.da.v1.PaymentDaService', da.PaymentDaServiceService],
] as const;

describe('the contracts', () => {
  it.each(services)('%s: descriptors and generated code have the same methods', (name, definition) => {
    const described = registry.getService(name)?.methods.map((method) => `/${name}/${method.name}`);
    expect(Object.values(definition).map(({ path }) => path)).toEqual(described);
  });

  it.each(services)('%s: every method declares its policy and whether it is idempotent', (name) => {
    for (const method of registry.getService(name)?.methods ?? []) {
      expect(`${method.name} ${hasOption(method, policy)}`).toBe(`${method.name} true`);
      expect(method.idempotency).not.toBe(MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN);
      const { deadline, priority } = getOption(method, policy) as { deadline?: unknown; priority: number };
      expect(priority).toBeGreaterThan(0);
      // Streams live until one side ends them; everything else has a deadline.
      expect(deadline !== undefined).toBe(method.methodKind === 'unary');
    }
  });

  it('keeps int64 exact, on the wire and in JSON', () => {
    const change: common.AssetChange = {
      userId: 2n ** 63n - 1n,
      assetType: common.AssetType.COIN,
      incr: -(2n ** 53n) - 1n,
    };
    expect(common.AssetChange.decode(common.AssetChange.encode(change).finish())).toEqual(change);
    expect(common.AssetChange.toJSON(change)).toEqual({
      userId: '9223372036854775807',
      assetType: 'ASSET_TYPE_COIN',
      incr: '-9007199254740993',
    });
  });
});

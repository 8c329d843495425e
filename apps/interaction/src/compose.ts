import { randomInt } from 'node:crypto';
import type { Logger } from 'pino';
import { unlessNone, type Running } from '@giftmesh/adapter-process';
import { startProcessMesh } from '@giftmesh/adapter-telemetry';
import { contractDescriptors, interaction, station } from '@giftmesh/contract';
import { INTERACTION_ERROR_CODES, seededCatalogue, seededRooms } from '@giftmesh/domain-gifts';
import { ShardMap } from '@giftmesh/domain-money';
import { seededRandom } from '@giftmesh/kernel-random';
import { systemClock } from '@giftmesh/kernel-time';
import { remoteHealth } from '@giftmesh/mesh-client';
import { service } from '@giftmesh/mesh-context';
import { pollDependency } from '@giftmesh/mesh-health';
import { methodPolicies } from '@giftmesh/mesh-policy';
import { batchTracer } from '@giftmesh/mesh-telemetry';
import { createInteractionService, INTERACTION_FEATURES } from '@giftmesh/service-interaction';
import { openEmbeddedStores } from './embedded-stores';
import { openServerStores } from './server-stores';
import type { Settings } from './settings';

/** At a drain, gifts that were read from a stream have as long for their answers as SendGift's deadline gives, milliseconds. */
const GIFT_STREAM_GRACE_MS = 3_000;

/** Builds Interaction on the embedded stores or on servers, as it is told. */
export async function compose(config: Settings, logger: Logger): Promise<Running> {
  const clock = systemClock;
  const shards = new ShardMap(config.GIFTMESH_SHARDS, config.GIFTMESH_PARTITIONS);
  const onProblem = (error: Error): void => logger.warn({ err: error }, 'a server failed, and is tried again');
  const stores =
    config.GIFTMESH_STORES === 'servers'
      ? await openServerStores(config, shards, clock, onProblem)
      : openEmbeddedStores(config, shards);
  const processMesh = await startProcessMesh({
    serviceName: 'interaction',
    features: INTERACTION_FEATURES,
    behaviourFile: unlessNone(config.GIFTMESH_BEHAVIOUR_FILE),
    adminAddress: unlessNone(config.GIFTMESH_ADMIN_ADDRESS),
    otlpEndpoint: unlessNone(config.GIFTMESH_OTLP_ENDPOINT),
    log: logger,
    clock,
  });
  const { mesh } = processMesh;
  const stationChannel = mesh.createChannel({
    name: 'payment-station',
    to: { address: config.GIFTMESH_STATION_ADDRESS },
    methodPolicies: methodPolicies(contractDescriptors()),
  });
  const interactions = createInteractionService({
    clock,
    random: seededRandom(randomInt(2 ** 31)),
    catalogue: seededCatalogue(),
    rooms: seededRooms(),
    activity: stores.activity,
    log: stores.log,
    shards,
    payments: stationChannel.client(station.PaymentStationServiceService),
    watchBatch: batchTracer({ tracer: processMesh.telemetry.tracer, name: 'pay gifts' }),
    isShed: (feature) => mesh.isOff(feature),
  });
  const server = mesh.createServer({
    name: 'interaction',
    edge: true,
    services: [service(interaction.InteractionServiceService, interactions.handlers)],
    streamGraceMs: GIFT_STREAM_GRACE_MS,
    descriptors: contractDescriptors(),
    errorDomain: 'giftmesh',
    malformedMetadata: { errCode: String(INTERACTION_ERROR_CODES.INVALID_REQUEST) },
    onInternalError: (error, method) => logger.error({ err: error, method }, 'a call failed'),
  });
  const stopPolling = pollDependency({
    registry: server.health,
    service: 'giftmesh.interaction.v1.InteractionService',
    dependency: 'payment-station',
    check: remoteHealth(stationChannel.transport, 'giftmesh.payment.station.v1.PaymentStationService'),
    clock,
    onChange: (problem) => logger.info({ problem }, problem === undefined ? 'serving' : 'not serving'),
  });
  await interactions.start();
  const port = await server.listen(`${config.GIFTMESH_HOST}:${config.GIFTMESH_INTERACTION_PORT}`);
  logger.info({ address: `${config.GIFTMESH_HOST}:${port}` }, 'listening');
  return {
    stop: async () => {
      await server.drain(config.GIFTMESH_DRAIN_LIMIT_MS);
      stopPolling();
      await interactions.close();
      await processMesh.stop();
      await stores.close();
    },
  };
}

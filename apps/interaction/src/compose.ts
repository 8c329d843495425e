import { randomInt } from 'node:crypto';
import type { Logger } from 'pino';
import {
  migrateOnly,
  openRealAndShadow,
  openTls,
  shardNumbers,
  stressOf,
  unlessNone,
  type Running,
} from '@giftmesh/adapter-process';
import { startProcessMesh } from '@giftmesh/adapter-telemetry';
import { useXds } from '@giftmesh/adapter-xds';
import { contractDescriptors, interaction, station } from '@giftmesh/contract';
import { INTERACTION_ERROR_CODES, seededCatalogue, seededRooms } from '@giftmesh/domain-gifts';
import { ShardMap } from '@giftmesh/domain-money';
import { seededRandom } from '@giftmesh/kernel-random';
import { systemClock } from '@giftmesh/kernel-time';
import { remoteHealth } from '@giftmesh/mesh-client';
import { service } from '@giftmesh/mesh-context';
import { pollDependency } from '@giftmesh/mesh-health';
import { routeStress, STRESS_KEY } from '@giftmesh/mesh-lanes';
import { methodPolicies } from '@giftmesh/mesh-policy';
import type { MeshChannel } from '@giftmesh/mesh-stack';
import { batchTracer } from '@giftmesh/mesh-telemetry';
import {
  createInteractionService,
  INTERACTION_FEATURES,
  observeInteraction,
  observeRankings,
  type InteractionFeature,
} from '@giftmesh/service-interaction';
import { openEmbeddedStores } from './embedded-stores';
import { openServerStores, openTables } from './server-stores';
import type { Settings } from './settings';
import type { InteractionStores } from './stores';

/** At a drain, gifts that were read from a stream have as long for their answers as SendGift's deadline gives, milliseconds. */
const GIFT_STREAM_GRACE_MS = 3_000;

/** Builds Interaction on the embedded stores or on servers, as it is told. */
export async function compose(config: Settings, logger: Logger): Promise<Running> {
  const clock = systemClock;
  const shards = new ShardMap(...shardNumbers(config));
  const onProblem = (error: Error): void => logger.warn({ err: error }, 'a server failed, and is tried again');
  const onWaiting = (message: string): void => logger.warn(message);
  const migrated = await migrateOnly(config, logger, async () => {
    const tables = await openRealAndShadow(config, (of, isShadow) => openTables(of, clock, onWaiting, isShadow));
    await Promise.all([tables.real.close(), tables.shadow?.close()]);
  });
  if (migrated !== undefined) return migrated;
  const tls = await openTls(config, logger, clock);
  const xds = await useXds({ GIFTMESH_STATION_ADDRESS: config.GIFTMESH_STATION_ADDRESS });
  if (xds !== undefined) logger.info(xds, 'a control plane says where calls go');
  const stores = await openRealAndShadow(config, async (of, isShadow) =>
    of.GIFTMESH_STORES === 'servers'
      ? openServerStores(of, shards, clock, onProblem, onWaiting, isShadow)
      : openEmbeddedStores(of, shards),
  );
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
  tls.observe(processMesh.metrics);
  const stationChannelOf = (isShadow: boolean) =>
    mesh.createChannel({
      name: isShadow ? 'payment-station shadow' : 'payment-station',
      to: { address: config.GIFTMESH_STATION_ADDRESS, ...tls.channelTo('payment-station') },
      methodPolicies: methodPolicies(contractDescriptors()),
      stress: isShadow,
    });
  const catalogue = seededCatalogue();
  const rooms = seededRooms();
  const watchBatchOf = (shadow: boolean) =>
    batchTracer({
      tracer: processMesh.telemetry.tracer,
      name: 'pay gifts',
      attributes: shadow ? { [STRESS_KEY]: true } : {},
    });
  const build = (of: InteractionStores, channel: MeshChannel, shadow: boolean) => {
    const { activity, log, shared } = of;
    const ports = {
      clock,
      random: seededRandom(randomInt(2 ** 31)),
      catalogue,
      rooms,
      activity,
      log,
      ...shared?.ports,
      shards,
      payments: channel.client(station.PaymentStationServiceService),
      watchBatch: watchBatchOf(shadow),
      isShed: (feature: InteractionFeature) => mesh.isOff(feature),
      shadow,
    };
    const built = createInteractionService(ports, shared?.options);
    if (!shadow) observeInteraction(built, processMesh.metrics);
    observeRankings(built, processMesh.metrics, shadow ? 'rankings shadow' : 'rankings');
    return built;
  };
  const stationChannel = stationChannelOf(false);
  const interactions = build(stores.real, stationChannel, false);
  const shadow = stores.shadow && build(stores.shadow, stationChannelOf(true), true);
  const definition = interaction.InteractionServiceService;
  const server = mesh.createServer({
    ...tls.server,
    name: 'interaction',
    edge: true,
    services: [service(definition, routeStress(definition, interactions.handlers, shadow?.handlers))],
    stress: stressOf(config),
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
  await Promise.all([interactions.start(), shadow?.start()]);
  const port = await server.listen(`${config.GIFTMESH_HOST}:${config.GIFTMESH_INTERACTION_PORT}`);
  await tls.serveHealth(server.health);
  logger.info({ address: `${config.GIFTMESH_HOST}:${port}` }, 'listening');
  return {
    stop: async () => {
      await server.drain(config.GIFTMESH_DRAIN_LIMIT_MS);
      stopPolling();
      await Promise.all([interactions.close(), shadow?.close()]);
      await processMesh.stop();
      await tls.stop();
      await Promise.all([stores.real.close(), stores.shadow?.close()]);
    },
  };
}

import { randomInt } from 'node:crypto';
import type { Logger } from 'pino';
import {
  openRealAndShadow,
  shardNumbers,
  stressOf,
  unlessNone,
  watchShadow,
  type Running,
} from '@giftmesh/adapter-process';
import { startProcessMesh } from '@giftmesh/adapter-telemetry';
import { contractDescriptors, da, interaction, station } from '@giftmesh/contract';
import { INTERACTION_ERROR_CODES, seededCatalogue, seededRooms } from '@giftmesh/domain-gifts';
import { PAYMENT_ERROR_CODES, ShardMap } from '@giftmesh/domain-money';
import { seededRandom } from '@giftmesh/kernel-random';
import { systemClock } from '@giftmesh/kernel-time';
import { inProcessTransport } from '@giftmesh/mesh-client';
import { service } from '@giftmesh/mesh-context';
import { pollDependency } from '@giftmesh/mesh-health';
import { routeStress, STRESS_KEY } from '@giftmesh/mesh-lanes';
import { methodPolicies } from '@giftmesh/mesh-policy';
import type { MeshServer } from '@giftmesh/mesh-server';
import { batchTracer } from '@giftmesh/mesh-telemetry';
import {
  createInteractionService,
  INTERACTION_FEATURES,
  observeInteraction,
  observeRankings,
} from '@giftmesh/service-interaction';
import { callCarrier, createPaymentStation, observePaymentStation } from '@giftmesh/service-payment-station';
import { announceReady } from './announce-ready';
import type { Settings } from './settings';
import { startDaThread } from './start-da-thread';
import { openMainStores, type MainStores } from './stores';

/** At a drain, gifts that were read from a stream have as long for their answers as SendGift's deadline gives, milliseconds. */
const GIFT_STREAM_GRACE_MS = 3_000;

/** Builds all three services in one process: interaction and station here, the DA and the log's commits in threads. */
export async function compose(config: Settings, logger: Logger): Promise<Running> {
  const clock = systemClock;
  const shards = new ShardMap(...shardNumbers(config));
  const stores = await openRealAndShadow(config, async (of) => openMainStores(of, shards));
  const daThread = await startDaThread(config);

  const processMesh = await startProcessMesh({
    serviceName: 'giftmesh',
    features: INTERACTION_FEATURES,
    behaviourFile: unlessNone(config.GIFTMESH_BEHAVIOUR_FILE),
    adminAddress: unlessNone(config.GIFTMESH_ADMIN_ADDRESS),
    otlpEndpoint: unlessNone(config.GIFTMESH_OTLP_ENDPOINT),
    log: logger,
    clock,
  });
  const { mesh } = processMesh;
  const policies = methodPolicies(contractDescriptors());
  const buildStation = ({ store, log, notices }: MainStores, shadow: boolean) => {
    const name = shadow ? 'payment-da shadow' : 'payment-da';
    const channel = mesh.createChannel({ name, to: daThread.transport, methodPolicies: policies, stress: shadow });
    const ledger = channel.client(da.PaymentDaServiceService);
    return createPaymentStation({ clock, store, log, ledger, notices, shards, carrierOf: callCarrier, shadow });
  };
  const paymentStation = buildStation(stores.real, false);
  observePaymentStation(paymentStation, processMesh.metrics);
  const shadowStation = stores.shadow && buildStation(stores.shadow, true);
  const serverOptions = {
    descriptors: contractDescriptors(),
    errorDomain: 'giftmesh',
    onInternalError: (error: unknown, method: string) => logger.error({ err: error, method }, 'a call failed'),
    stress: stressOf(config),
  };
  const { PaymentStationServiceService: stationMethods } = station;
  const stationServer = mesh.createServer({
    name: 'payment-station',
    edge: false,
    ...serverOptions,
    services: [service(stationMethods, routeStress(stationMethods, paymentStation.handlers, shadowStation?.handlers))],
    malformedMetadata: { errCode: String(PAYMENT_ERROR_CODES.REQUEST_INVALID) },
  });
  const stationTransport = inProcessTransport(stationServer.host);
  const catalogue = seededCatalogue();
  const rooms = seededRooms();
  const watchBatchOf = (shadow: boolean) =>
    batchTracer({
      tracer: processMesh.telemetry.tracer,
      name: 'pay gifts',
      attributes: shadow ? { [STRESS_KEY]: true } : {},
    });
  const buildInteraction = ({ activity, log }: MainStores, shadow: boolean) => {
    const name = shadow ? 'payment-station shadow' : 'payment-station';
    const channel = mesh.createChannel({ name, to: stationTransport, methodPolicies: policies, stress: shadow });
    const payments = channel.client(stationMethods);
    const random = seededRandom(randomInt(2 ** 31));
    const watchBatch = watchBatchOf(shadow);
    const isShed = (feature: string) => mesh.isOff(feature);
    const all = { clock, random, catalogue, rooms, activity, log, shards, payments, watchBatch, isShed, shadow };
    return createInteractionService(all);
  };
  const interactions = buildInteraction(stores.real, false);
  observeInteraction(interactions, processMesh.metrics);
  observeRankings(interactions, processMesh.metrics);
  const shadowInteractions = stores.shadow && buildInteraction(stores.shadow, true);
  const { InteractionServiceService: interactionMethods } = interaction;
  const interactionServer = mesh.createServer({
    name: 'interaction',
    edge: true,
    ...serverOptions,
    services: [
      service(interactionMethods, routeStress(interactionMethods, interactions.handlers, shadowInteractions?.handlers)),
    ],
    malformedMetadata: { errCode: String(INTERACTION_ERROR_CODES.INVALID_REQUEST) },
    streamGraceMs: GIFT_STREAM_GRACE_MS,
  });

  const problem = (): string | undefined => paymentStation.problem() ?? daThread.problem();
  const poll = (server: MeshServer, name: string) =>
    pollDependency({
      registry: server.health,
      service: name,
      dependency: 'payment',
      check: problem,
      clock,
      onChange: (what) => logger.info({ service: name, problem: what }, what === undefined ? 'serving' : 'not serving'),
    });
  await paymentStation.start();
  await interactions.start();
  // Nobody waits for the shadow.
  void shadowStation?.start();
  await shadowInteractions?.start();
  // The first look comes before anybody can ask: who is told that all is ready finds it SERVING.
  const stopPolling = [
    poll(stationServer, 'giftmesh.payment.station.v1.PaymentStationService'),
    poll(interactionServer, 'giftmesh.interaction.v1.InteractionService'),
  ];
  if (shadowStation !== undefined) stopPolling.push(watchShadow(logger, clock, () => shadowStation.problem()));
  const stationPort = await stationServer.listen(`${config.GIFTMESH_HOST}:${config.GIFTMESH_STATION_PORT}`);
  const interactionPort = await interactionServer.listen(`${config.GIFTMESH_HOST}:${config.GIFTMESH_INTERACTION_PORT}`);
  announceReady(config, {
    interaction: `${config.GIFTMESH_HOST}:${interactionPort}`,
    station: `${config.GIFTMESH_HOST}:${stationPort}`,
    da: daThread.address,
  });
  return {
    failed: daThread.failed,
    stop: async () => {
      // Callers first: what they have begun still finds the services behind them. One limit for all of them.
      const limitAtMs = clock.monotonicMs() + config.GIFTMESH_DRAIN_LIMIT_MS;
      const leftMs = (): number => Math.max(1, limitAtMs - clock.monotonicMs());
      await interactionServer.drain(leftMs());
      await Promise.all([interactions.close(), shadowInteractions?.close()]);
      await stationServer.drain(leftMs());
      for (const stop of stopPolling) stop();
      await Promise.all([paymentStation.close(), shadowStation?.close()]);
      stationTransport.close();
      await daThread.drain(leftMs());
      await Promise.all([stores.real.close(), stores.shadow?.close(), processMesh.stop()]);
    },
  };
}

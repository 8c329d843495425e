import { randomInt } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { MemoryBalanceStore, ThreadSettledNotices } from '@giftmesh/adapter-memory';
import { unlessNone, type Running } from '@giftmesh/adapter-process';
import { SqliteActivityStore, SqliteEventLog, lockDataFolder } from '@giftmesh/adapter-sqlite';
import { startProcessMesh } from '@giftmesh/adapter-telemetry';
import { contractDescriptors, da, interaction, station } from '@giftmesh/contract';
import { INTERACTION_ERROR_CODES, seededCatalogue, seededRooms } from '@giftmesh/domain-gifts';
import { PAYMENT_ERROR_CODES, ShardMap } from '@giftmesh/domain-money';
import { seededRandom } from '@giftmesh/kernel-random';
import { systemClock } from '@giftmesh/kernel-time';
import { inProcessTransport } from '@giftmesh/mesh-client';
import { service } from '@giftmesh/mesh-context';
import { pollDependency } from '@giftmesh/mesh-health';
import { methodPolicies } from '@giftmesh/mesh-policy';
import type { MeshServer } from '@giftmesh/mesh-server';
import { batchTracer } from '@giftmesh/mesh-telemetry';
import { createInteractionService, INTERACTION_FEATURES } from '@giftmesh/service-interaction';
import { callCarrier, createPaymentStation } from '@giftmesh/service-payment-station';
import { moneyLogCodec, settledNoticeCodec } from '@giftmesh/wire-money';
import { announceReady } from './announce-ready';
import type { Settings } from './settings';
import { startDaThread } from './start-da-thread';

/** At a drain, gifts that were read from a stream have as long for their answers as SendGift's deadline gives, milliseconds. */
const GIFT_STREAM_GRACE_MS = 3_000;

/** Builds all three services in one process: interaction and station here, the DA and the log's commits in threads. */
export async function compose(config: Settings, logger: Logger): Promise<Running> {
  const clock = systemClock;
  const folder = config.GIFTMESH_DATA_DIR;
  const locks = (['station', 'ledger', 'activity'] as const).map((role) => lockDataFolder(folder, role));
  const shards = new ShardMap(config.GIFTMESH_SHARDS, config.GIFTMESH_PARTITIONS);
  const log = new SqliteEventLog({
    path: join(folder, 'events.sqlite'),
    codec: moneyLogCodec,
    partitionCount: shards.partitionCount,
  });
  const activity = new SqliteActivityStore(join(folder, 'activity.sqlite'));
  const channel = `giftmesh-settled:${realpathSync(folder)}`;
  const daThread = await startDaThread(config, channel);

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
  const store = new MemoryBalanceStore({
    shards,
    outboxMax: config.GIFTMESH_OUTBOX_MAX,
    markersMax: config.GIFTMESH_MARKERS_MAX,
    accountsMax: config.GIFTMESH_ACCOUNTS_MAX,
  });
  const paymentStation = createPaymentStation({
    clock,
    store,
    log,
    ledger: mesh
      .createChannel({ name: 'payment-da', to: daThread.transport, methodPolicies: policies })
      .client(da.PaymentDaServiceService),
    notices: new ThreadSettledNotices(channel, settledNoticeCodec),
    shards,
    carrierOf: callCarrier,
  });
  const serverOptions = {
    descriptors: contractDescriptors(),
    errorDomain: 'giftmesh',
    onInternalError: (error: unknown, method: string) => logger.error({ err: error, method }, 'a call failed'),
  };
  const stationServer = mesh.createServer({
    name: 'payment-station',
    edge: false,
    ...serverOptions,
    services: [service(station.PaymentStationServiceService, paymentStation.handlers)],
    malformedMetadata: { errCode: String(PAYMENT_ERROR_CODES.REQUEST_INVALID) },
  });
  const stationTransport = inProcessTransport(stationServer.host);
  const interactions = createInteractionService({
    clock,
    random: seededRandom(randomInt(2 ** 31)),
    catalogue: seededCatalogue(),
    rooms: seededRooms(),
    activity,
    log,
    shards,
    payments: mesh
      .createChannel({ name: 'payment-station', to: stationTransport, methodPolicies: policies })
      .client(station.PaymentStationServiceService),
    watchBatch: batchTracer({ tracer: processMesh.telemetry.tracer, name: 'pay gifts' }),
    isShed: (feature) => mesh.isOff(feature),
  });
  const interactionServer = mesh.createServer({
    name: 'interaction',
    edge: true,
    ...serverOptions,
    services: [service(interaction.InteractionServiceService, interactions.handlers)],
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
  // The first look comes before anybody can ask: who is told that all is ready finds it SERVING.
  const stopPolling = [
    poll(stationServer, 'giftmesh.payment.station.v1.PaymentStationService'),
    poll(interactionServer, 'giftmesh.interaction.v1.InteractionService'),
  ];
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
      await interactions.close();
      await stationServer.drain(leftMs());
      for (const stop of stopPolling) stop();
      await paymentStation.close();
      stationTransport.close();
      await daThread.drain(leftMs());
      await Promise.all([activity.close(), log.close(), processMesh.stop()]);
      for (const lock of locks) lock.release();
    },
  };
}

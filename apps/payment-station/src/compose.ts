import type { Logger } from 'pino';
import {
  openRealAndShadow,
  openTls,
  shardNumbers,
  stressOf,
  unlessNone,
  watchShadow,
  type Running,
} from '@giftmesh/adapter-process';
import { startProcessMesh } from '@giftmesh/adapter-telemetry';
import { useXds } from '@giftmesh/adapter-xds';
import { contractDescriptors, da, station } from '@giftmesh/contract';
import { PAYMENT_ERROR_CODES, ShardMap } from '@giftmesh/domain-money';
import { systemClock } from '@giftmesh/kernel-time';
import { remoteHealth } from '@giftmesh/mesh-client';
import { service } from '@giftmesh/mesh-context';
import { pollDependency } from '@giftmesh/mesh-health';
import { routeStress } from '@giftmesh/mesh-lanes';
import { methodPolicies } from '@giftmesh/mesh-policy';
import type { MeshChannel } from '@giftmesh/mesh-stack';
import { callCarrier, createPaymentStation, observePaymentStation } from '@giftmesh/service-payment-station';
import { openEmbeddedStores } from './embedded-stores';
import { openServerStores } from './server-stores';
import type { Settings } from './settings';
import type { StationStores } from './stores';

/** Builds Payment-Station on the embedded stores or on servers, as it is told. */
export async function compose(config: Settings, logger: Logger): Promise<Running> {
  const clock = systemClock;
  const shards = new ShardMap(...shardNumbers(config));
  const onProblem = (error: Error): void => logger.warn({ err: error }, 'a server failed, and is tried again');
  const onWaiting = (message: string): void => logger.warn(message);
  const tls = await openTls(config, logger, clock);
  const xds = await useXds({ GIFTMESH_DA_ADDRESS: config.GIFTMESH_DA_ADDRESS });
  if (xds !== undefined) logger.info(xds, 'a control plane says where calls go');
  const stores = await openRealAndShadow(config, async (of) =>
    of.GIFTMESH_STORES === 'servers'
      ? openServerStores(of, shards, clock, onProblem, onWaiting)
      : openEmbeddedStores(of, shards, clock),
  );
  const processMesh = await startProcessMesh({
    serviceName: 'payment-station',
    behaviourFile: unlessNone(config.GIFTMESH_BEHAVIOUR_FILE),
    adminAddress: unlessNone(config.GIFTMESH_ADMIN_ADDRESS),
    otlpEndpoint: unlessNone(config.GIFTMESH_OTLP_ENDPOINT),
    log: logger,
    clock,
  });
  const { mesh } = processMesh;
  tls.observe(processMesh.metrics);
  const daChannelOf = (isShadow: boolean) =>
    mesh.createChannel({
      name: isShadow ? 'payment-da shadow' : 'payment-da',
      to: { address: config.GIFTMESH_DA_ADDRESS, ...tls.channelTo('payment-da') },
      methodPolicies: methodPolicies(contractDescriptors()),
      stress: isShadow,
    });
  const build = ({ store, log, notices }: StationStores, channel: MeshChannel, shadow: boolean) => {
    const ledger = channel.client(da.PaymentDaServiceService);
    return createPaymentStation({ clock, store, log, ledger, notices, shards, carrierOf: callCarrier, shadow });
  };
  const daChannel = daChannelOf(false);
  const paymentStation = build(stores.real, daChannel, false);
  observePaymentStation(paymentStation, processMesh.metrics);
  const shadow = stores.shadow && build(stores.shadow, daChannelOf(true), true);
  const definition = station.PaymentStationServiceService;
  const server = mesh.createServer({
    ...tls.server,
    name: 'payment-station',
    edge: false,
    services: [service(definition, routeStress(definition, paymentStation.handlers, shadow?.handlers))],
    stress: stressOf(config),
    descriptors: contractDescriptors(),
    errorDomain: 'giftmesh',
    malformedMetadata: { errCode: String(PAYMENT_ERROR_CODES.REQUEST_INVALID) },
    onInternalError: (error, method) => logger.error({ err: error, method }, 'a call failed'),
  });
  const health = { registry: server.health, service: 'giftmesh.payment.station.v1.PaymentStationService', clock };
  const stopPolling = [
    pollDependency({
      ...health,
      dependency: 'stores',
      check: () => paymentStation.problem(),
      onChange: (problem) => logger.info({ problem }, problem === undefined ? 'serving' : 'not serving'),
    }),
    pollDependency({
      ...health,
      dependency: 'payment-da',
      check: remoteHealth(daChannel.transport, 'giftmesh.payment.da.v1.PaymentDaService'),
      onChange: (problem) => logger.info({ problem }, problem === undefined ? 'the DA serves' : 'the DA is away'),
    }),
  ];
  if (shadow !== undefined) stopPolling.push(watchShadow(logger, clock, () => shadow.problem()));
  const port = await server.listen(`${config.GIFTMESH_HOST}:${config.GIFTMESH_STATION_PORT}`);
  await tls.serveHealth(server.health);
  logger.info({ address: `${config.GIFTMESH_HOST}:${port}` }, 'listening');
  void paymentStation.start();
  void shadow?.start();
  return {
    stop: async () => {
      await server.drain(config.GIFTMESH_DRAIN_LIMIT_MS);
      for (const stop of stopPolling) stop();
      await Promise.all([paymentStation.close(), shadow?.close()]);
      await processMesh.stop();
      await tls.stop();
      await Promise.all([stores.real.close(), stores.shadow?.close()]);
    },
  };
}

import type { Logger } from 'pino';
import { unlessNone, type Running } from '@giftmesh/adapter-process';
import { startProcessMesh } from '@giftmesh/adapter-telemetry';
import { contractDescriptors, da, station } from '@giftmesh/contract';
import { PAYMENT_ERROR_CODES, ShardMap } from '@giftmesh/domain-money';
import { systemClock } from '@giftmesh/kernel-time';
import { remoteHealth } from '@giftmesh/mesh-client';
import { service } from '@giftmesh/mesh-context';
import { pollDependency } from '@giftmesh/mesh-health';
import { methodPolicies } from '@giftmesh/mesh-policy';
import { callCarrier, createPaymentStation } from '@giftmesh/service-payment-station';
import { openEmbeddedStores } from './embedded-stores';
import { openServerStores } from './server-stores';
import type { Settings } from './settings';

/** Builds Payment-Station on the embedded stores or on servers, as it is told. */
export async function compose(config: Settings, logger: Logger): Promise<Running> {
  const clock = systemClock;
  const shards = new ShardMap(config.GIFTMESH_SHARDS, config.GIFTMESH_PARTITIONS);
  const onProblem = (error: Error): void => logger.warn({ err: error }, 'a server failed, and is tried again');
  const stores =
    config.GIFTMESH_STORES === 'servers'
      ? await openServerStores(config, shards, clock, onProblem)
      : openEmbeddedStores(config, shards, clock);
  const processMesh = await startProcessMesh({
    serviceName: 'payment-station',
    behaviourFile: unlessNone(config.GIFTMESH_BEHAVIOUR_FILE),
    adminAddress: unlessNone(config.GIFTMESH_ADMIN_ADDRESS),
    otlpEndpoint: unlessNone(config.GIFTMESH_OTLP_ENDPOINT),
    log: logger,
    clock,
  });
  const { mesh } = processMesh;
  const daChannel = mesh.createChannel({
    name: 'payment-da',
    to: { address: config.GIFTMESH_DA_ADDRESS },
    methodPolicies: methodPolicies(contractDescriptors()),
  });
  const paymentStation = createPaymentStation({
    clock,
    store: stores.store,
    log: stores.log,
    ledger: daChannel.client(da.PaymentDaServiceService),
    notices: stores.notices,
    shards,
    carrierOf: callCarrier,
  });
  const server = mesh.createServer({
    name: 'payment-station',
    edge: false,
    services: [service(station.PaymentStationServiceService, paymentStation.handlers)],
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
  const port = await server.listen(`${config.GIFTMESH_HOST}:${config.GIFTMESH_STATION_PORT}`);
  logger.info({ address: `${config.GIFTMESH_HOST}:${port}` }, 'listening');
  void paymentStation.start();
  return {
    stop: async () => {
      await server.drain(config.GIFTMESH_DRAIN_LIMIT_MS);
      for (const stop of stopPolling) stop();
      await paymentStation.close();
      await processMesh.stop();
      await stores.close();
    },
  };
}

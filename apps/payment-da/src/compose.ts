import type { Logger } from 'pino';
import { unlessNone, type Running } from '@giftmesh/adapter-process';
import { startProcessMesh } from '@giftmesh/adapter-telemetry';
import { contractDescriptors, da } from '@giftmesh/contract';
import { PAYMENT_ERROR_CODES, ShardMap } from '@giftmesh/domain-money';
import { systemClock } from '@giftmesh/kernel-time';
import { service } from '@giftmesh/mesh-context';
import { pollDependency } from '@giftmesh/mesh-health';
import { batchTracer } from '@giftmesh/mesh-telemetry';
import { createPaymentDa, scheduleAudit } from '@giftmesh/service-payment-da';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { openEmbeddedStores } from './embedded-stores';
import { openServerStores } from './server-stores';
import type { Settings } from './settings';

/** Builds Payment-DA on the embedded stores or on servers, as it is told. */
export async function compose(config: Settings, logger: Logger): Promise<Running> {
  const clock = systemClock;
  const shards = new ShardMap(config.GIFTMESH_SHARDS, config.GIFTMESH_PARTITIONS);
  const onProblem = (error: Error): void => logger.warn({ err: error }, 'a server failed, and is tried again');
  const stores =
    config.GIFTMESH_STORES === 'servers'
      ? await openServerStores(config, shards, clock, onProblem)
      : openEmbeddedStores(config, shards, clock);
  const processMesh = await startProcessMesh({
    serviceName: 'payment-da',
    behaviourFile: unlessNone(config.GIFTMESH_BEHAVIOUR_FILE),
    adminAddress: unlessNone(config.GIFTMESH_ADMIN_ADDRESS),
    otlpEndpoint: unlessNone(config.GIFTMESH_OTLP_ENDPOINT),
    log: logger,
    clock,
  });
  const { mesh } = processMesh;
  const paymentDa = createPaymentDa({
    clock,
    log: stores.log,
    codec: moneyLogCodec,
    ledger: stores.ledger,
    notices: stores.notices,
    shards,
    watchBatch: batchTracer({ tracer: processMesh.telemetry.tracer, name: 'settle money-log' }),
  });
  const server = mesh.createServer({
    name: 'payment-da',
    edge: false,
    services: [service(da.PaymentDaServiceService, paymentDa.handlers)],
    descriptors: contractDescriptors(),
    errorDomain: 'giftmesh',
    malformedMetadata: { errCode: String(PAYMENT_ERROR_CODES.REQUEST_INVALID) },
    onInternalError: (error, method) => logger.error({ err: error, method }, 'a call failed'),
  });
  const stopPolling = pollDependency({
    registry: server.health,
    service: 'giftmesh.payment.da.v1.PaymentDaService',
    dependency: 'stores',
    check: () => paymentDa.problem(),
    clock,
    onChange: (problem) => logger.info({ problem }, problem === undefined ? 'serving' : 'not serving'),
  });
  paymentDa.start();
  const stopAudit =
    config.GIFTMESH_AUDIT_INTERVAL_S === 0
      ? () => undefined
      : scheduleAudit({
          clock,
          audit: () => stores.audit(),
          intervalMs: config.GIFTMESH_AUDIT_INTERVAL_S * 1_000,
          onReport: ({ differenceCount, accounts, events }) =>
            logger[differenceCount === 0 ? 'info' : 'error'](
              { differenceCount, accounts, events },
              'audited the ledger',
            ),
          onFailure: (error) => logger.error({ err: error }, 'the ledger could not be audited'),
        });
  const port = await server.listen(`${config.GIFTMESH_HOST}:${config.GIFTMESH_DA_PORT}`);
  logger.info({ address: `${config.GIFTMESH_HOST}:${port}` }, 'listening');
  return {
    stop: async () => {
      await server.drain(config.GIFTMESH_DRAIN_LIMIT_MS);
      stopPolling();
      stopAudit();
      await paymentDa.close();
      await processMesh.stop();
      await stores.close();
    },
  };
}

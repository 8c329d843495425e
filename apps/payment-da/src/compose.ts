import type { Logger } from 'pino';
import {
  migrateOnly,
  openRealAndShadow,
  openTls,
  shardNumbers,
  stressOf,
  unlessNone,
  watchShadow,
  type Running,
} from '@giftmesh/adapter-process';
import { startProcessMesh } from '@giftmesh/adapter-telemetry';
import { contractDescriptors, da } from '@giftmesh/contract';
import { PAYMENT_ERROR_CODES, ShardMap } from '@giftmesh/domain-money';
import { systemClock } from '@giftmesh/kernel-time';
import { service } from '@giftmesh/mesh-context';
import { pollDependency } from '@giftmesh/mesh-health';
import { routeStress, STRESS_KEY } from '@giftmesh/mesh-lanes';
import { batchTracer } from '@giftmesh/mesh-telemetry';
import { createPaymentDa, observePaymentDa, watchAudit } from '@giftmesh/service-payment-da';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { openEmbeddedStores } from './embedded-stores';
import { openServerStores, openTables } from './server-stores';
import type { Settings } from './settings';
import type { DaStores } from './stores';

/** Builds Payment-DA on the embedded stores or on servers, as it is told. */
export async function compose(config: Settings, logger: Logger): Promise<Running> {
  const clock = systemClock;
  const shards = new ShardMap(...shardNumbers(config));
  const onProblem = (error: Error): void => logger.warn({ err: error }, 'a server failed, and is tried again');
  const onWaiting = (message: string): void => logger.warn(message);
  const migrated = await migrateOnly(config, logger, async () => {
    const tables = await openRealAndShadow(config, (of, isShadow) =>
      openTables(of, shards, clock, onWaiting, isShadow),
    );
    await Promise.all([tables.real.close(), tables.shadow?.close()]);
  });
  if (migrated !== undefined) return migrated;
  const tls = await openTls(config, logger, clock);
  const stores = await openRealAndShadow(config, async (of, isShadow) =>
    of.GIFTMESH_STORES === 'servers'
      ? openServerStores(of, shards, clock, onProblem, onWaiting, isShadow)
      : openEmbeddedStores(of, shards, clock),
  );
  const processMesh = await startProcessMesh({
    serviceName: 'payment-da',
    behaviourFile: unlessNone(config.GIFTMESH_BEHAVIOUR_FILE),
    adminAddress: unlessNone(config.GIFTMESH_ADMIN_ADDRESS),
    otlpEndpoint: unlessNone(config.GIFTMESH_OTLP_ENDPOINT),
    log: logger,
    clock,
  });
  const { mesh } = processMesh;
  tls.observe(processMesh.metrics);
  const watchBatchOf = (shadow: boolean) =>
    batchTracer({
      tracer: processMesh.telemetry.tracer,
      name: 'settle money-log',
      attributes: shadow ? { [STRESS_KEY]: true } : {},
    });
  const build = ({ log, ledger, notices }: DaStores, shadow: boolean) =>
    createPaymentDa({
      clock,
      log,
      codec: moneyLogCodec,
      ledger,
      notices,
      shards,
      watchBatch: watchBatchOf(shadow),
      shadow,
    });
  const paymentDa = build(stores.real, false);
  const shadow = stores.shadow && build(stores.shadow, true);
  const definition = da.PaymentDaServiceService;
  const server = mesh.createServer({
    ...tls.server,
    name: 'payment-da',
    edge: false,
    services: [service(definition, routeStress(definition, paymentDa.handlers, shadow?.handlers))],
    stress: stressOf(config),
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
  const stopWatching = shadow === undefined ? () => undefined : watchShadow(logger, clock, () => shadow.problem());
  observePaymentDa(paymentDa, processMesh.metrics);
  paymentDa.start();
  shadow?.start();
  const stopAudit = watchAudit({
    clock,
    intervalMs: config.GIFTMESH_AUDIT_INTERVAL_S * 1_000,
    audit: () => stores.real.audit(),
    metrics: processMesh.metrics,
    log: logger,
  });
  const port = await server.listen(`${config.GIFTMESH_HOST}:${config.GIFTMESH_DA_PORT}`);
  await tls.serveHealth(server.health);
  logger.info({ address: `${config.GIFTMESH_HOST}:${port}` }, 'listening');
  return {
    stop: async () => {
      await server.drain(config.GIFTMESH_DRAIN_LIMIT_MS);
      stopPolling();
      stopWatching();
      stopAudit();
      await Promise.all([paymentDa.close(), shadow?.close()]);
      await processMesh.stop();
      await tls.stop();
      await Promise.all([stores.real.close(), stores.shadow?.close()]);
    },
  };
}

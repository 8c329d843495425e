/** The thread of Payment-DA in the standalone: reads the event log's file, owns the ledger, serves gRPC and the main thread. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import {
  createLogger,
  knownExitCode,
  openRealAndShadow,
  shardNumbers,
  stressOf,
  unlessNone,
  watchShadow,
} from '@giftmesh/adapter-process';
import { auditLedgerInThread } from '@giftmesh/adapter-sqlite';
import { startProcessMesh } from '@giftmesh/adapter-telemetry';
import { contractDescriptors, da } from '@giftmesh/contract';
import { PAYMENT_ERROR_CODES, ShardMap } from '@giftmesh/domain-money';
import { systemClock } from '@giftmesh/kernel-time';
import { serveMessagePort } from '@giftmesh/mesh-client';
import { service } from '@giftmesh/mesh-context';
import { pollDependency } from '@giftmesh/mesh-health';
import { routeStress, STRESS_KEY } from '@giftmesh/mesh-lanes';
import { batchTracer, traceMixin } from '@giftmesh/mesh-telemetry';
import { INTERACTION_FEATURES } from '@giftmesh/service-interaction';
import { createPaymentDa, observePaymentDa, watchAudit } from '@giftmesh/service-payment-da';
import { moneyLogCodec } from '@giftmesh/wire-money';
import type { Settings } from './settings';
import { openDaStores, type DaStores } from './stores';

/** What the thread is given. */
export interface DaThreadData {
  readonly config: Settings;
  /** Serves PaymentDaService to the main thread. */
  readonly calls: MessagePort;
}

/** What it tells the main thread. */
export type DaThreadMessage =
  | { readonly kind: 'listening'; readonly address: string }
  | { readonly kind: 'health'; readonly problem: string | undefined }
  | { readonly kind: 'failed'; readonly message: string; readonly exitCode: number | undefined }
  | { readonly kind: 'drained' };

/** What it is told: end gracefully. */
export type DaThreadCommand = { readonly kind: 'drain'; readonly limitMs: number };

const tell = (message: DaThreadMessage): void => parentPort?.postMessage(message);

async function run({ config, calls }: DaThreadData): Promise<void> {
  const clock = systemClock;
  const logger = createLogger('standalone-da', config.GIFTMESH_LOG_LEVEL, traceMixin());
  const shards = new ShardMap(...shardNumbers(config));
  const stores = await openRealAndShadow(config, async (of) => openDaStores(of, shards, clock));
  const onInternalError = (error: unknown, method: string): void =>
    logger.error({ err: error, method }, 'a call failed');
  const processMesh = await startProcessMesh({
    serviceName: 'payment-da',
    // Of the main thread: both read the same file.
    features: INTERACTION_FEATURES,
    behaviourFile: unlessNone(config.GIFTMESH_BEHAVIOUR_FILE),
    adminAddress: unlessNone(config.GIFTMESH_DA_ADMIN_ADDRESS),
    otlpEndpoint: unlessNone(config.GIFTMESH_OTLP_ENDPOINT),
    log: logger,
    clock,
  });
  const { mesh } = processMesh;
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
    name: 'payment-da',
    edge: false,
    services: [service(definition, routeStress(definition, paymentDa.handlers, shadow?.handlers))],
    stress: stressOf(config),
    descriptors: contractDescriptors(),
    errorDomain: 'giftmesh',
    malformedMetadata: { errCode: String(PAYMENT_ERROR_CODES.REQUEST_INVALID) },
    onInternalError,
  });
  const stopServing = serveMessagePort(calls, server.host, { errorDomain: 'giftmesh', onInternalError });
  const stopPolling = pollDependency({
    registry: server.health,
    service: 'giftmesh.payment.da.v1.PaymentDaService',
    dependency: 'stores',
    check: () => paymentDa.problem(),
    clock,
    onChange: (problem) => tell({ kind: 'health', problem }),
  });
  const stopWatching = shadow === undefined ? () => undefined : watchShadow(logger, clock, () => shadow.problem());
  observePaymentDa(paymentDa, processMesh.metrics);
  paymentDa.start();
  shadow?.start();
  const stopAudit = watchAudit({
    clock,
    intervalMs: config.GIFTMESH_AUDIT_INTERVAL_S * 1_000,
    audit: () => auditLedgerInThread(stores.real.ledgerPath),
    metrics: processMesh.metrics,
    log: logger,
  });
  const port = await server.listen(`${config.GIFTMESH_HOST}:${config.GIFTMESH_DA_PORT}`);
  tell({ kind: 'listening', address: `${config.GIFTMESH_HOST}:${port}` });

  parentPort?.once('message', ({ limitMs }: DaThreadCommand) => {
    void (async () => {
      await server.drain(limitMs);
      stopPolling();
      stopWatching();
      stopAudit();
      stopServing();
      await Promise.all([paymentDa.close(), shadow?.close()]);
      await Promise.all([stores.real.close(), stores.shadow?.close(), processMesh.stop()]);
      tell({ kind: 'drained' });
    })();
  });
}

run(workerData as DaThreadData).catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  tell({ kind: 'failed', message, exitCode: knownExitCode(error) });
});

/** The thread of Payment-DA in the standalone: reads the event log's file, owns the ledger, serves gRPC and the main thread. */
import { join } from 'node:path';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { ThreadSettledNotices } from '@giftmesh/adapter-memory';
import { createLogger, knownExitCode, unlessNone } from '@giftmesh/adapter-process';
import { auditLedgerInThread, SqliteEventLog, SqliteLedger } from '@giftmesh/adapter-sqlite';
import { startProcessMesh } from '@giftmesh/adapter-telemetry';
import { contractDescriptors, da } from '@giftmesh/contract';
import { PAYMENT_ERROR_CODES, ShardMap } from '@giftmesh/domain-money';
import { systemClock } from '@giftmesh/kernel-time';
import { serveMessagePort } from '@giftmesh/mesh-client';
import { service } from '@giftmesh/mesh-context';
import { pollDependency } from '@giftmesh/mesh-health';
import { batchTracer, traceMixin } from '@giftmesh/mesh-telemetry';
import { INTERACTION_FEATURES } from '@giftmesh/service-interaction';
import { createPaymentDa, scheduleAudit } from '@giftmesh/service-payment-da';
import { moneyLogCodec, settledNoticeCodec } from '@giftmesh/wire-money';
import type { Settings } from './settings';

/** What the thread is given. */
export interface DaThreadData {
  readonly config: Settings;
  /** Name of the channel for settled notices. */
  readonly channel: string;
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

async function run({ config, channel, calls }: DaThreadData): Promise<void> {
  const clock = systemClock;
  const logger = createLogger('standalone-da', config.GIFTMESH_LOG_LEVEL, traceMixin());
  const shards = new ShardMap(config.GIFTMESH_SHARDS, config.GIFTMESH_PARTITIONS);
  const folder = config.GIFTMESH_DATA_DIR;
  const log = new SqliteEventLog({
    path: join(folder, 'events.sqlite'),
    codec: moneyLogCodec,
    partitionCount: shards.partitionCount,
    writer: 'inline',
  });
  const ledgerPath = join(folder, 'ledger.sqlite');
  const ledger = new SqliteLedger({ path: ledgerPath, clock, shards });
  const notices = new ThreadSettledNotices(channel, settledNoticeCodec);
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
  const paymentDa = createPaymentDa({
    clock,
    log,
    codec: moneyLogCodec,
    ledger,
    notices,
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
  paymentDa.start();
  const stopAudit =
    config.GIFTMESH_AUDIT_INTERVAL_S === 0
      ? () => undefined
      : scheduleAudit({
          audit: () => auditLedgerInThread(ledgerPath),
          clock,
          intervalMs: config.GIFTMESH_AUDIT_INTERVAL_S * 1_000,
          onReport: ({ differenceCount, accounts, events }) =>
            logger[differenceCount === 0 ? 'info' : 'error'](
              { differenceCount, accounts, events },
              'audited the ledger',
            ),
          onFailure: (error) => logger.error({ err: error }, 'the ledger could not be audited'),
        });
  const port = await server.listen(`${config.GIFTMESH_HOST}:${config.GIFTMESH_DA_PORT}`);
  tell({ kind: 'listening', address: `${config.GIFTMESH_HOST}:${port}` });

  parentPort?.once('message', ({ limitMs }: DaThreadCommand) => {
    void (async () => {
      await server.drain(limitMs);
      stopPolling();
      stopAudit();
      stopServing();
      await paymentDa.close();
      await Promise.all([ledger.close(), log.close(), processMesh.stop()]);
      notices.close();
      tell({ kind: 'drained' });
    })();
  });
}

run(workerData as DaThreadData).catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  tell({ kind: 'failed', message, exitCode: knownExitCode(error) });
});

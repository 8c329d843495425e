import { join } from 'node:path';
import type { Logger } from 'pino';
import { MemoryBalanceStore } from '@giftmesh/adapter-memory';
import type { Running } from '@giftmesh/adapter-process';
import { SqliteEventLog, lockDataFolder } from '@giftmesh/adapter-sqlite';
import { contractDescriptors, da, station } from '@giftmesh/contract';
import { LogSettledNotices, PAYMENT_ERROR_CODES, ShardMap } from '@giftmesh/domain-money';
import { systemClock } from '@giftmesh/kernel-time';
import { createClient, grpcTransport, remoteHealth } from '@giftmesh/mesh-client';
import { service } from '@giftmesh/mesh-context';
import { pollDependency } from '@giftmesh/mesh-health';
import { methodPolicies } from '@giftmesh/mesh-policy';
import { createMeshServer } from '@giftmesh/mesh-server';
import { createPaymentStation } from '@giftmesh/service-payment-station';
import { moneyLogCodec, settledNoticeCodec } from '@giftmesh/wire-money';
import type { Settings } from './settings';

/** Builds Payment-Station on the embedded stores: balances in this process's memory, the event log in the data folder. */
export async function compose(config: Settings, logger: Logger): Promise<Running> {
  const folder = config.GIFTMESH_DATA_DIR;
  const lock = lockDataFolder(folder, 'station');
  const clock = systemClock;
  const shards = new ShardMap(config.GIFTMESH_SHARDS, config.GIFTMESH_PARTITIONS);
  const log = new SqliteEventLog({
    path: join(folder, 'events.sqlite'),
    codec: moneyLogCodec,
    partitionCount: shards.partitionCount,
  });
  const settled = new SqliteEventLog({
    path: join(folder, 'settled.sqlite'),
    codec: settledNoticeCodec,
    partitionCount: 1,
    durability: 'none',
    writer: 'inline',
  });
  const store = new MemoryBalanceStore({
    shards,
    outboxMax: config.GIFTMESH_OUTBOX_MAX,
    markersMax: config.GIFTMESH_MARKERS_MAX,
    accountsMax: config.GIFTMESH_ACCOUNTS_MAX,
  });
  const transport = grpcTransport({ address: config.GIFTMESH_DA_ADDRESS, clock });
  const ledger = createClient(da.PaymentDaServiceService, transport, {
    methodPolicies: methodPolicies(contractDescriptors()),
    clock,
  });
  const paymentStation = createPaymentStation({
    clock,
    store,
    log,
    ledger,
    notices: new LogSettledNotices(settled, clock),
    shards,
  });
  const server = createMeshServer({
    services: [service(station.PaymentStationServiceService, paymentStation.handlers)],
    descriptors: contractDescriptors(),
    errorDomain: 'giftmesh',
    malformedMetadata: { errCode: String(PAYMENT_ERROR_CODES.REQUEST_INVALID) },
    clock,
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
      check: remoteHealth(transport, 'giftmesh.payment.da.v1.PaymentDaService'),
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
      transport.close();
      await Promise.all([log.close(), settled.close()]);
      lock.release();
    },
  };
}

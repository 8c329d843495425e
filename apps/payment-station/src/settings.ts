import { z } from 'zod';
import {
  commonSettings,
  embeddedSettings,
  meshSettings,
  redisSettings,
  storeSettings,
  stressSettings,
  tlsSettings,
} from '@giftmesh/adapter-process';
import { shape } from '@giftmesh/kernel-config';

/** What this process is told by environment variables. */
export const settings = z.object({
  ...commonSettings,
  ...embeddedSettings,
  ...meshSettings,
  ...storeSettings,
  ...redisSettings,
  ...stressSettings,
  ...tlsSettings,
  /** Port of PaymentStationService. */
  GIFTMESH_STATION_PORT: shape.port(7002),
  /** Where Payment-DA listens. */
  GIFTMESH_DA_ADDRESS: shape.target('127.0.0.1:7003'),
  /** The most decided events that may wait for the ledger before further ones are refused. */
  GIFTMESH_OUTBOX_MAX: shape.integer(1, 10_000_000, 500_000),
  /** The most settled markers kept in memory. */
  GIFTMESH_MARKERS_MAX: shape.integer(1, 10_000_000, 20_000),
  /** The most users kept in memory. */
  GIFTMESH_ACCOUNTS_MAX: shape.integer(1, 100_000_000, 1_000_000),
});
export type Settings = z.infer<typeof settings>;

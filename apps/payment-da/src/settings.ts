import { z } from 'zod';
import {
  commonSettings,
  embeddedSettings,
  meshSettings,
  mysqlSettings,
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
  ...mysqlSettings,
  ...stressSettings,
  ...tlsSettings,
  /** Port of PaymentDaService. */
  GIFTMESH_DA_PORT: shape.port(7003),
  /** Between two audits of the ledger beside running work, seconds; 0 for none. */
  GIFTMESH_AUDIT_INTERVAL_S: shape.integer(0, 604_800, 3_600),
});
export type Settings = z.infer<typeof settings>;

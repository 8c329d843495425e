import { z } from 'zod';
import { commonSettings, embeddedSettings } from '@giftmesh/adapter-process';
import { shape } from '@giftmesh/kernel-config';

/** What this process is told by environment variables. */
export const settings = z.object({
  ...commonSettings,
  ...embeddedSettings,
  /** Port of PaymentDaService. */
  GIFTMESH_DA_PORT: shape.port(7003),
});
export type Settings = z.infer<typeof settings>;

import { z } from 'zod';
import { commonSettings, embeddedSettings, meshSettings, storeSettings } from '@giftmesh/adapter-process';
import { shape } from '@giftmesh/kernel-config';

/** What this process is told by environment variables. */
export const settings = z.object({
  ...commonSettings,
  ...embeddedSettings,
  ...meshSettings,
  ...storeSettings,
  /** Port of InteractionService. */
  GIFTMESH_INTERACTION_PORT: shape.port(7001),
  /** Where Payment-Station listens. */
  GIFTMESH_STATION_ADDRESS: shape.target('127.0.0.1:7002'),
});
export type Settings = z.infer<typeof settings>;

import { z } from 'zod';
import {
  commonSettings,
  embeddedSettings,
  meshSettings,
  mysqlSettings,
  storeSettings,
  stressEdgeSettings,
  stressSettings,
  tlsSettings,
} from '@giftmesh/adapter-process';
import { shape } from '@giftmesh/kernel-config';

const CACHE_URL = {
  pattern: /^(none|rediss?:\/\/([^\s/@]*@)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?(\/\d{0,4})?)$/,
  like: 'redis://user:password@host:port, or none',
  secret: true,
};

/** What this process is told by environment variables. */
export const settings = z.object({
  ...commonSettings,
  ...embeddedSettings,
  ...meshSettings,
  ...storeSettings,
  ...mysqlSettings,
  ...stressSettings,
  ...stressEdgeSettings,
  ...tlsSettings,
  /** A Redis where interactions keep rankings for each other, for `servers`. Not the one of the balances: a cache must evict. */
  GIFTMESH_CACHE_URL: shape.matching(CACHE_URL, 'none'),
  /** Port of InteractionService. */
  GIFTMESH_INTERACTION_PORT: shape.port(7001),
  /** Where Payment-Station listens. */
  GIFTMESH_STATION_ADDRESS: shape.target('127.0.0.1:7002'),
});
export type Settings = z.infer<typeof settings>;

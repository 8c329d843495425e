import { z } from 'zod';
import { mysqlSettings, redisSettings, storeSettings } from '@giftmesh/adapter-process';

/** Where the servers of a mesh are, by the settings of its processes. */
export const serverSettings = z.object({ ...storeSettings, ...redisSettings, ...mysqlSettings });

/** Where they are, as people have said. */
export type ServerPlaces = z.infer<typeof serverSettings>;

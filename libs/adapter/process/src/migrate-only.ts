import type { Logger } from 'pino';
import { StartRefusedError } from '@giftmesh/kernel-errors';
import type { Running } from './run-process';

/** What decides whether a process only brings tables up. */
export interface MigrateSettings {
  readonly GIFTMESH_STORES: 'embedded' | 'servers';
  readonly GIFTMESH_MIGRATE: 'apply' | 'check' | 'only';
}

/**
 * A process that brings its tables up and is done, where `GIFTMESH_MIGRATE` is `only`; undefined where it is not. `migrate` opens what has the
 * tables, and closes it. Rejects with StartRefusedError where the stores are embedded: their files are brought up by who opens them.
 */
export async function migrateOnly(
  { GIFTMESH_STORES: stores, GIFTMESH_MIGRATE: kind }: MigrateSettings,
  logger: Logger,
  migrate: () => Promise<void>,
): Promise<Running | undefined> {
  if (kind !== 'only') return undefined;
  if (stores !== 'servers')
    throw new StartRefusedError('there are no tables to bring up in the embedded stores', 'migrate');
  await migrate();
  logger.info('the tables are as they must be');
  return { done: Promise.resolve(), stop: async () => undefined };
}

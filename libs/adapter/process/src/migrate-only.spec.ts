import pino from 'pino';
import { StartRefusedError } from '@giftmesh/kernel-errors';
import { migrateOnly } from './migrate-only';

const logger = pino({ level: 'silent' });

describe('migrateOnly', () => {
  it.each(['apply', 'check'] as const)('leaves a process with %s to go on', async (kind) => {
    const migrate = jest.fn();
    expect(await migrateOnly({ GIFTMESH_STORES: 'servers', GIFTMESH_MIGRATE: kind }, logger, migrate)).toBeUndefined();
    expect(migrate).not.toHaveBeenCalled();
  });

  it('is done when the tables are up, not before', async () => {
    const migrate = jest.fn().mockResolvedValue(undefined);
    const running = await migrateOnly({ GIFTMESH_STORES: 'servers', GIFTMESH_MIGRATE: 'only' }, logger, migrate);
    expect(migrate).toHaveBeenCalledTimes(1);
    await running?.done;
    await running?.stop();
  });

  it('rejects what failed, and embedded stores', async () => {
    const fail = (): Promise<void> => Promise.reject(new Error('no right'));
    await expect(migrateOnly({ GIFTMESH_STORES: 'servers', GIFTMESH_MIGRATE: 'only' }, logger, fail)).rejects.toThrow(
      'no right',
    );
    await expect(
      migrateOnly({ GIFTMESH_STORES: 'embedded', GIFTMESH_MIGRATE: 'only' }, logger, jest.fn()),
    ).rejects.toThrow(StartRefusedError);
  });
});

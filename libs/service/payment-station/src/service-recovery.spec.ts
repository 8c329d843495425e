import { StoreLostError } from '@giftmesh/domain-money';
import { createPaymentStation } from './payment-station';
import { ALICE, setUp as setUpParts, SHARDS, WINDOW } from './test-kit/kit';

/** A station whose store loses a shard so many times in a row, each time that `method` is called. */
function setUp(method: 'read' | 'install', losses: number) {
  const { clock, store, ledger, log } = setUpParts();
  const notices = { publish: async () => undefined, subscribe: () => async () => undefined };
  const station = createPaymentStation({ clock, store, log, ledger, notices, shards: SHARDS }, { window: WINDOW });
  const works = store[method].bind(store) as (users: readonly never[]) => Promise<never>;
  let left = losses;
  jest.spyOn(store, method).mockImplementation(async (users: readonly unknown[]) => {
    if (left === 0) return works(users as readonly never[]);
    left -= 1;
    store.lost = [0];
    throw new StoreLostError([0]);
  });
  return { store, get: () => station.handlers.getAssets({ userIds: [ALICE], cachedOnly: false }) };
}

describe('a balance that is asked for while the store loses what it holds', () => {
  it.each(['read', 'install'] as const)('is answered when it was recovered, again and again (%s)', async (method) => {
    const { get, store } = setUp(method, 3);
    expect(await get()).toMatchObject({ users: [{ userId: ALICE }] });
    expect(store.callsOf('open')).toHaveLength(3);
  });

  it.each(['read', 'install'] as const)('is refused for now when it goes on (%s)', async (method) => {
    const { get } = setUp(method, 4);
    await expect(get()).rejects.toMatchObject({ reason: 'DEPENDENCY_AWAY', code: 14 });
  });
});

import { StoreLostError } from '@giftmesh/domain-money';
import { ALICE, BOB, setUp } from './test-kit/kit';

describe('AccountLoader', () => {
  it('installs what the ledger has, under the generation from before it was asked', async () => {
    const { loader, ledger, store } = setUp();
    store.generation = 4;
    await Promise.all([loader.load(ALICE), loader.load(BOB), loader.load(ALICE)]);
    expect(ledger.loads).toEqual([[ALICE, BOB]]);
    expect(store.callsOf('openGenerationOf', 'install')).toMatchObject([
      { method: 'openGenerationOf', of: [ALICE, BOB] },
      { method: 'install' },
    ]);
  });

  it('asks the ledger for nobody whose shard waits for its fence: what comes in front of it still counts', async () => {
    const { loader, ledger, store } = setUp();
    store.generation = 5;
    store.lost = [0];
    await expect(loader.load(ALICE)).rejects.toBeInstanceOf(StoreLostError);
    expect(ledger.loads).toEqual([]);
    // It was raised already; opened, and the fence stands in the log.
    store.lost = [];
    await loader.load(ALICE);
    expect(ledger.loads).toEqual([[ALICE]]);
  });
});

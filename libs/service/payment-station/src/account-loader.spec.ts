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

  it('installs no snapshot that is old: this process may have stood still, and nobody remembers what came since', async () => {
    const { clock, loader, ledger, store } = setUp();
    const answer = ledger.loadAssets.bind(ledger);
    let standsStillMs = 30_001;
    ledger.loadAssets = async (request) => {
      await clock.advanceAsync(standsStillMs);
      return answer(request);
    };
    expect(await loader.load(ALICE)).toBe(false);
    expect(store.callsOf('install')).toEqual([]);
    standsStillMs = 30_000;
    await loader.load(ALICE);
    expect(store.callsOf('install')).toHaveLength(1);
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

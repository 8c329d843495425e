import { GenerationRecovery } from './generation-recovery';
import { SHARDS, setUp as setUpParts } from './test-kit/kit';

function setUp() {
  const { appender, clock, ledger, log, store } = setUpParts();
  store.lost = SHARDS.allShards();
  const recovery = new GenerationRecovery(clock, store, ledger, appender);
  const changes = () => store.callsOf('raiseGeneration', 'open').map(({ method, of }) => [method, generationIn(of)]);
  const fences = async (): Promise<number[]> => {
    const records = await log.read({ partition: 0, offset: 0 }, 100);
    return records.flatMap(({ content }) =>
      content.ok && content.value.kind === 'fence' ? content.value.fence.generation : [],
    );
  };
  return { clock, ledger, store, recovery, changes, fences };
}

const generationIn = (of: unknown): number => (of as { generation: number }).generation;

describe('GenerationRecovery', () => {
  it('raises the store, fences the log, and opens', async () => {
    const { recovery, changes, fences } = setUp();
    await recovery.run();
    expect(changes()).toEqual([
      ['raiseGeneration', 2],
      ['open', 2],
    ]);
    expect(await fences()).toEqual([2]);
  });

  it('opens nothing under a generation that is not the youngest: the fence of a younger one may come', async () => {
    const { ledger, recovery, changes, fences, store } = setUp();
    const { raiseGeneration } = store;
    let others = 2;
    store.raiseGeneration = async function (shards, generation) {
      await raiseGeneration.call(this, shards, generation);
      // Another station is given one before this one knows that the store is raised.
      if (others > 0) await ledger.raiseGeneration();
      others -= 1;
    };
    await recovery.run();
    expect(changes()).toEqual([
      ['raiseGeneration', 2],
      ['raiseGeneration', 4],
      ['raiseGeneration', 6],
      ['open', 6],
    ]);
    expect(await fences()).toEqual([6]);
  });

  it('begins anew when others are given generations all the time', async () => {
    const { clock, ledger, recovery, changes, store } = setUp();
    const { raiseGeneration } = store;
    let others = 10;
    store.raiseGeneration = async function (shards, generation) {
      await raiseGeneration.call(this, shards, generation);
      if ((others -= 1) >= 0) await ledger.raiseGeneration();
    };
    const recovered = recovery.run();
    for (let turn = 0; turn < 20; turn += 1) await clock.advanceAsync(1);
    expect([changes().length, recovery.running]).toEqual([10, true]);
    await clock.advanceAsync(1_000);
    await recovered;
    expect(changes().at(-1)?.[0]).toBe('open');
  });
});

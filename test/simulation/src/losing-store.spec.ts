import { MemoryBalanceStore } from '@giftmesh/adapter-memory';
import { ShardMap, StoreLostError, type BalanceStore, type DebitResult } from '@giftmesh/domain-money';
import {
  debitOne,
  installNow,
  openShards,
  sampleCounters,
  sampleGift,
  sampleRequest,
  sampleUser,
} from '@giftmesh/domain-money/testing';
import { seededRandom } from '@giftmesh/kernel-random';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { Faults } from './faults';
import { LosingStore } from './losing-store';
import { Link, Network } from './network';
import { Machine, Scheduler, SimulatedProcess } from './scheduler';

const SHARDS = new ShardMap(8, 2);
const request = sampleRequest(sampleGift({ id: 1, from: 1n, amount: 10n }));

function setUp() {
  const scheduler = new Scheduler(new SimulatedClock(), seededRandom(1));
  const faults = new Faults(seededRandom(2), new Map());
  const link = new Link(new Network(scheduler, faults, seededRandom(3)), new SimulatedProcess(new Machine('station')));
  const losing = new LosingStore(
    new Machine('store'),
    scheduler.clock,
    (clock) => new MemoryBalanceStore({ shards: SHARDS, clock }),
    SHARDS.allShards(),
    (userId) => SHARDS.shardOf(userId),
  );
  const store = losing.connect(link);
  /** Takes the steps that the work needs. */
  const run = async <T>(work: Promise<T>): Promise<T> => {
    let isOver = false;
    work.catch(() => undefined).finally(() => (isOver = true));
    await scheduler.runUntil(() => isOver, 1_000);
    return work;
  };
  const fill = (generation: number): Promise<readonly boolean[]> =>
    run(
      openShards(store, SHARDS, generation).then(() => installNow(store, sampleUser(1n, [sampleCounters(1n, 100n)]))),
    );
  return { losing, faults, store, run, fill };
}

const balance = async (store: BalanceStore): Promise<bigint | undefined> =>
  (await store.read([1n]))[0]?.accounts[0]?.debited;

describe('LosingStore', () => {
  it('has lost its last writes, and is closed until it is recovered', async () => {
    const { losing, store, run, fill } = setUp();
    await fill(1);
    await run(debitOne(store, request));
    await losing.loseLast(1, 'restarted');
    await expect(run(store.read([1n]))).rejects.toThrow(StoreLostError);
    expect(await run(store.lostShards())).toEqual(SHARDS.allShards());
    expect([losing.isLost, await balance(losing.store)]).toEqual([true, 0n]);
    await fill(2);
    expect([losing.isLost, await run(balance(store))]).toEqual([false, 0n]);
  });

  it('keeps everything but the trust when only its scripts are gone', async () => {
    const { losing, store, run, fill } = setUp();
    await fill(1);
    await run(debitOne(store, request));
    losing.forgetScripts();
    await expect(run(debitOne(store, request))).rejects.toThrow(StoreLostError);
    expect(await balance(losing.store)).toBe(10n);
  });

  it('is not opened by who has raised it before its last loss', async () => {
    const { losing, store, run } = setUp();
    await run(store.raiseGeneration(SHARDS.allShards(), 1));
    await losing.loseLast(0, 'restarted');
    await run(store.open(SHARDS.allShards(), 1));
    expect(losing.isLost).toBe(true);
  });

  it.each<['restarted' | 'promoted beside the old master', DebitResult['kind'] | undefined]>([
    ['restarted', undefined],
    ['promoted beside the old master', 'decided'],
  ])('a call on its way when it is %s is answered: %s', async (comeBack, answer) => {
    const { losing, store, run, fill, faults } = setUp();
    await fill(1);
    const onItsWay = debitOne(store, request).then(
      ({ kind }) => kind,
      () => undefined,
    );
    await losing.loseLast(0, comeBack);
    expect(await run(onItsWay)).toBe(answer);
    expect(await balance(losing.store)).toBe(0n);
    expect(faults.counts.size).toBe(answer === undefined ? 0 : 1);
  });

  it('an old master that has lost something itself is as closed as any', async () => {
    const { losing, store, run, fill } = setUp();
    await fill(1);
    await run(debitOne(store, request));
    await losing.loseLast(1, 'promoted');
    const onItsWay = debitOne(store, request);
    await losing.loseLast(0, 'promoted beside the old master');
    await expect(run(onItsWay)).rejects.toThrow(StoreLostError);
  });
});

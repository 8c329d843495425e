import { deferred } from '@giftmesh/kernel-async';
import type { SettledNotice, SettledNotices } from '@giftmesh/domain-money';
import { sampleCounters, sampleId } from '@giftmesh/domain-money/testing';
import { SettledMerger } from './settled-merger';
import { ALICE } from './test-kit/kit';
import { ScriptedStore } from './test-kit/scripted-store';

const notice = (n: number): SettledNotice => ({
  counters: [sampleCounters(ALICE, BigInt(n))],
  events: [{ opUserId: ALICE, eventId: sampleId(n) }],
});
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A store whose `merge` takes as long as the test says. */
class SlowStore extends ScriptedStore {
  hold: Promise<void> | undefined;

  override async merge(...args: Parameters<ScriptedStore['merge']>): Promise<void> {
    await super.merge(...args);
    await this.hold;
  }
}

function setUp() {
  const store = new SlowStore();
  let tell: (one: SettledNotice) => void = () => undefined;
  const notices: SettledNotices = {
    publish: () => Promise.reject(new Error('not scripted')),
    subscribe: (onNotice) => {
      tell = onNotice;
      return async () => void (tell = () => undefined);
    },
  };
  const merger = new SettledMerger(store, notices);
  merger.start();
  return { store, merger, tell: (...numbers: readonly number[]) => numbers.forEach((n) => tell(notice(n))) };
}

describe('SettledMerger', () => {
  it('takes counters over before it settles: an outbox entry that goes must not leave a credit behind', async () => {
    const { store, tell } = setUp();
    tell(1);
    await turn();
    expect(store.calls).toMatchObject([
      { method: 'merge', of: [{ credited: 1n }] },
      { method: 'settle', of: [{ eventId: sampleId(1) }] },
    ]);
  });

  it('takes what queues meanwhile together', async () => {
    const { store, tell } = setUp();
    const hold = deferred<void>();
    store.hold = hold.promise;
    tell(1, 2, 3);
    await turn();
    expect(store.callsOf('merge')).toHaveLength(1);
    hold.resolve();
    await turn();
    expect(store.callsOf('merge').map(({ of }) => (of as unknown[]).length)).toEqual([1, 2]);
    expect(store.callsOf('settle').map(({ of }) => (of as unknown[]).length)).toEqual([1, 2]);
  });

  it('drops the oldest beyond its limit, and counts them', async () => {
    const { store, merger, tell } = setUp();
    const hold = deferred<void>();
    store.hold = hold.promise;
    tell(...Array.from({ length: 1_001 }, (_, n) => n));
    expect(merger.dropped).toBe(0);
    tell(1_001, 1_002);
    expect(merger.dropped).toBe(2);
    hold.resolve();
    await turn();
    const settled = store.callsOf('settle').flatMap(({ of }) => of as { eventId: string }[]);
    expect(settled).toHaveLength(1_001);
    expect(settled.slice(0, 2)).toMatchObject([{ eventId: sampleId(0) }, { eventId: sampleId(3) }]);
  });

  it('goes on behind a store that failed, without settling what was not merged', async () => {
    const { store, tell } = setUp();
    store.failing.set('merge', new Error('away'));
    tell(1);
    await turn();
    expect(store.calls).toEqual([]);
    tell(2);
    await turn();
    expect(store.callsOf('settle')).toMatchObject([{ of: [{ eventId: sampleId(2) }] }]);
  });

  it('hears nothing once it is closed', async () => {
    const { store, merger, tell } = setUp();
    await merger.close();
    tell(1);
    await turn();
    expect(store.calls).toEqual([]);
  });
});

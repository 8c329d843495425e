import { SimulatedClock } from '@giftmesh/kernel-time';
import { LogLag } from './log-lag';

function setUp(ends: readonly number[], applied: Readonly<Record<number, number>>) {
  const clock = new SimulatedClock();
  const state = { ends, applied, isAway: false };
  const answer = async <T>(value: () => T): Promise<T> => {
    if (state.isAway) throw new Error('away');
    return value();
  };
  const lag = new LogLag({
    clock,
    log: { endPositions: () => answer(() => state.ends.map((offset, partition) => ({ partition, offset }))) },
    ledger: {
      positions: () =>
        answer(() =>
          Object.entries(state.applied).map(([partition, offset]) => ({ partition: Number(partition), offset })),
        ),
    },
  });
  return { clock, state, lag };
}

describe('LogLag', () => {
  it('is what all partitions hold behind the ledger, looked at again and again', async () => {
    const { clock, state, lag } = setUp([10, 5, 3], { 0: 4, 1: 5 });
    expect(lag.records).toBeUndefined();
    lag.start();
    await clock.advanceAsync(0);
    // 6 of the first partition, none of the second, all of one that nobody has applied anything of.
    expect(lag.records).toBe(9);
    state.applied = { 0: 10, 1: 5, 2: 3 };
    await clock.advanceAsync(5_000);
    expect(lag.records).toBe(0);
    await lag.close();
  });

  it('is unknown while log or ledger is away, and known again after', async () => {
    const { clock, state, lag } = setUp([2], { 0: 1 });
    state.isAway = true;
    lag.start();
    await clock.advanceAsync(0);
    expect(lag.records).toBeUndefined();
    state.isAway = false;
    await clock.advanceAsync(5_000);
    expect(lag.records).toBe(1);
    state.isAway = true;
    await clock.advanceAsync(5_000);
    expect(lag.records).toBeUndefined();
    await lag.close();
    state.isAway = false;
    await clock.advanceAsync(60_000);
    expect(lag.records).toBeUndefined();
  });

  it('refuses a wrong interval', () => {
    const { lag } = setUp([], {});
    expect(lag.records).toBeUndefined();
    expect(() => new LogLag({ clock: new SimulatedClock(), log: null as never, ledger: null as never }, 0)).toThrow(
      'lookEveryMs must be an integer of at least 1, is 0',
    );
  });
});

import { SimulatedClock } from '@giftmesh/kernel-time';
import { AppliedPositions } from './applied-positions';

const options = { waitMaxMs: 1_000, waitersMax: 2, refreshMs: 50 };
const at = (partition: number, offset: number) => ({ partition, offset });

describe('AppliedPositions', () => {
  it('lets those wait whose goals are not reached, and no one else', async () => {
    const positions = new AppliedPositions(new SimulatedClock(), async () => [], options);
    positions.advance([at(0, 5)]);
    await positions.waitFor([at(0, 5), at(1, 0)]);
    const done: string[] = [];
    const both = positions.waitFor([at(0, 6), at(1, 2)]).then(() => done.push('both'));
    const one = positions.waitFor([at(1, 1)]).then(() => done.push('one'));
    positions.advance([at(1, 2)]);
    await one;
    expect(done).toEqual(['one']);
    positions.advance([at(0, 6)]);
    await both;
    expect(positions.waiting).toBe(0);
  });

  it('never goes back', async () => {
    const positions = new AppliedPositions(new SimulatedClock(), async () => [], options);
    positions.advance([at(0, 5)]);
    positions.advance([at(0, 3)]);
    await positions.waitFor([at(0, 5)]);
  });

  it('looks into the ledger while someone waits: other instances apply partitions too', async () => {
    const clock = new SimulatedClock();
    const positions = new AppliedPositions(clock, async () => [at(3, 9)], options);
    const wait = positions.waitFor([at(3, 9)]);
    await clock.advanceAsync(50);
    await wait;
    await clock.advanceAsync(200);
    expect(clock.pendingTimers).toBe(0);
  });

  it('gives up after its limit, and survives a ledger that is away', async () => {
    const clock = new SimulatedClock();
    const positions = new AppliedPositions(clock, () => Promise.reject(new Error('away')), options);
    const wait = expect(positions.waitFor([at(0, 1)])).rejects.toMatchObject({ reason: 'DEPENDENCY_AWAY' });
    await clock.advanceAsync(1_000);
    await wait;
  });

  it('refuses more than its limit of waiters', async () => {
    const positions = new AppliedPositions(new SimulatedClock(), async () => [], options);
    void positions.waitFor([at(0, 1)]);
    void positions.waitFor([at(0, 1)]);
    await expect(positions.waitFor([at(0, 1)])).rejects.toMatchObject({ reason: 'BACKLOG' });
  });
});

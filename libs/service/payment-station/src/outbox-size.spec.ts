import { SimulatedClock } from '@giftmesh/kernel-time';
import { OUTBOX_LOOK_EVERY_MS, OutboxSize } from './outbox-size';

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('OutboxSize', () => {
  it('looks when it is asked, one look at a time and not too often, and forgets what is away', async () => {
    const clock = new SimulatedClock();
    let looks = 0;
    let answer: () => Promise<number> = async () => 7;
    const size = new OutboxSize(clock, { outboxSize: () => ((looks += 1), answer()) });
    expect(looks).toBe(0);
    expect(size.ask()).toBeUndefined();
    await settled();
    expect([size.ask(), looks]).toEqual([7, 1]);
    clock.advance(OUTBOX_LOOK_EVERY_MS - 1);
    size.ask();
    expect(looks).toBe(1);
    clock.advance(1);
    let end: (value: number) => void = () => undefined;
    answer = () => new Promise((resolve) => (end = resolve));
    expect([size.ask(), looks]).toEqual([7, 2]);
    clock.advance(60_000);
    // The last look is still under way.
    expect([size.ask(), looks]).toEqual([7, 2]);
    end(8);
    await settled();
    answer = () => Promise.reject(new Error('away'));
    expect([size.ask(), looks]).toEqual([8, 3]);
    await settled();
    expect(size.ask()).toBeUndefined();
  });
});

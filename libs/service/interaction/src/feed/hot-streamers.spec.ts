import { SimulatedClock } from '@giftmesh/kernel-time';
import { HOT_STREAMERS_MAX, HOT_WINDOW_MS, HotStreamers } from './hot-streamers';

describe('HotStreamers', () => {
  it('tells of the last full minute, and of the first few only', () => {
    const clock = new SimulatedClock();
    const hot = new HotStreamers(clock);
    for (let streamer = 1n; streamer <= 300n; streamer += 1n) hot.add(streamer, streamer);
    hot.add(7n, 100_000n);
    expect(hot.top()).toEqual([]);
    clock.advance(HOT_WINDOW_MS);
    expect(hot.top()).toHaveLength(HOT_STREAMERS_MAX);
    expect(hot.top()[0]?.streamerId).toBe(7n);
    expect(hot.top()[0]?.earned).toBeGreaterThanOrEqual(100_007);
    hot.add(8n, 5n);
    clock.advance(HOT_WINDOW_MS);
    expect(hot.top()).toEqual([{ streamerId: 8n, earned: 5 }]);
    expect(hot.total).toBe((300 * 301) / 2 + 100_005);
  });

  it('tells of nobody after a minute without gifts, however long it was', () => {
    const clock = new SimulatedClock();
    const hot = new HotStreamers(clock);
    hot.add(1n, 5n);
    clock.advance(2 * HOT_WINDOW_MS);
    expect(hot.top()).toEqual([]);
    hot.add(2n, 6n);
    clock.advance(HOT_WINDOW_MS);
    expect(hot.top()).toEqual([{ streamerId: 2n, earned: 6 }]);
  });
});

import { MetricsRegistry } from '@giftmesh/mesh-telemetry';
import { GARBLED, HOST, newKit, VIEWER } from './test-kit/kit';
import { HOT_WINDOW_MS, observeInteraction } from './index';

describe('observeInteraction', () => {
  it('shows what became of gifts, how they are counted, and who got most', async () => {
    const kit = newKit();
    const registry = new MetricsRegistry();
    observeInteraction(kit.service, registry);
    const shown = (): Record<string, number> =>
      Object.fromEntries(
        registry
          .snapshot()
          .flatMap(({ name, points }) =>
            points.map((point) => [[name, ...point.labels].join(' ').trim(), 'value' in point ? point.value : NaN]),
          ),
      );
    await kit.service.start();
    const first = kit.gift({ count: 3 });
    await kit.service.handlers.sendGift(first);
    await kit.service.handlers.sendGift(first);
    await kit.service.handlers.sendGift(kit.gift({ recipientIds: [HOST, HOST + 1n] }));
    await expect(kit.service.handlers.sendGift(kit.gift({ viewerId: 9n }))).rejects.toMatchObject({ code: 9 });
    await kit.log.append([{ partition: kit.ports.shards.partitionOf(VIEWER), value: GARBLED }]);
    await kit.pass(200);
    expect(shown()).toMatchObject({
      'interaction.gifts applied': 2,
      'interaction.gifts duplicate': 1,
      'interaction.gifts refused INSUFFICIENT_BALANCE': 1,
      'interaction.gifts.queued': 0,
      'interaction.gift_batches.in_flight': 0,
      'interaction.gift_streams': 0,
      'interaction.rooms': 0,
      'interaction.watchers': 0,
      'interaction.feed.events counted': 2,
      'interaction.feed.events undecodable': 1,
      'interaction.feed.events lost': 0,
      'interaction.feed.write_failures': 0,
      'interaction.feed.scores_pending': 0,
    });
    const earned = shown()['interaction.earnings'] ?? 0;
    expect(earned).toBeGreaterThan(0);
    expect(Object.keys(shown()).filter((name) => name.includes('hot_streamers'))).toEqual([]);
    await kit.pass(HOT_WINDOW_MS);
    const hot = Object.entries(shown()).filter(([name]) => name.startsWith('interaction.hot_streamers.earned '));
    expect(hot.map(([name]) => name.split(' ')[1])).toEqual([String(HOST), String(HOST + 1n)]);
    expect(hot.reduce((sum, [, value]) => sum + value, 0)).toBe(earned);
    await kit.service.close();
  });
});

import type { MetricsRegistry } from '@giftmesh/mesh-telemetry';
import type { InteractionService } from './interaction-service';

/** Shows what became of gifts, who watches, how counting goes, and who gets most. To be called once for an instance. */
export function observeInteraction(
  service: Pick<InteractionService, 'stats' | 'hotStreamers'>,
  metrics: MetricsRegistry,
): void {
  metrics.observedCounter(
    {
      name: 'interaction.gifts',
      help: 'Gifts by what became of them: applied, duplicate (decided before), or refused, with the reason.',
      unit: '{gift}',
      labels: ['outcome', 'reason'],
    },
    (report) => {
      const { applied, duplicates, refused } = service.stats().gifts;
      report(['applied', ''], applied);
      report(['duplicate', ''], duplicates);
      for (const [reason, count] of Object.entries(refused)) report(['refused', reason], count);
    },
  );
  metrics.observedCounter(
    { name: 'interaction.earnings', help: 'What streamers got by gifts that were counted here.', unit: '{coin}' },
    (report) => report([], service.hotStreamers.total),
  );
  metrics.gauge(
    {
      name: 'interaction.hot_streamers.earned',
      help: 'What the streamers who got most got in the last full minute, of what is counted here: the first ten.',
      unit: '{coin}',
      labels: ['streamer'],
    },
    (report) => {
      for (const { streamerId, earned } of service.hotStreamers.top()) report([String(streamerId)], earned);
    },
  );
  observeRooms(service, metrics);
  observeFeed(service, metrics);
}

function observeRooms(service: Pick<InteractionService, 'stats'>, metrics: MetricsRegistry): void {
  const gauge = (name: string, help: string, unit: string, value: () => number): void =>
    metrics.gauge({ name, help, unit }, (report) => report([], value()));
  gauge(
    'interaction.gifts.queued',
    'Gifts that wait for a call to the station.',
    '{gift}',
    () => service.stats().gifts.queued,
  );
  gauge(
    'interaction.gift_batches.in_flight',
    'Calls to the station under way.',
    '{batch}',
    () => service.stats().gifts.batchesInFlight,
  );
  gauge('interaction.gift_streams', 'Open streams of gifts.', '{stream}', () => service.stats().giftStreams);
  gauge('interaction.rooms', 'Rooms that somebody watches here.', '{room}', () => service.stats().rooms);
  gauge('interaction.watchers', 'Open watches of rooms.', '{watch}', () => service.stats().watchers);
}

function observeFeed(service: Pick<InteractionService, 'stats'>, metrics: MetricsRegistry): void {
  metrics.observedCounter(
    {
      name: 'interaction.feed.events',
      help: 'Events of the log by what became of them in rankings and points: counted, repeated, fenced, undecodable, lost (dropped by the log before).',
      unit: '{event}',
      labels: ['outcome'],
    },
    (report) => {
      const { counted, repeated, fenced, undecodable, lost } = service.stats().feed;
      for (const [outcome, count] of Object.entries({ counted, repeated, fenced, undecodable, lost }))
        report([outcome], count);
    },
  );
  metrics.observedCounter(
    {
      name: 'interaction.feed.write_failures',
      help: 'Writes of rankings and points that failed, and are tried again.',
      unit: '{write}',
    },
    (report) => report([], service.stats().feed.writeFailures),
  );
  metrics.gauge(
    { name: 'interaction.feed.scores_pending', help: 'Scores that wait to be written.', unit: '{score}' },
    (report) => report([], service.stats().feed.scoresPending),
  );
}

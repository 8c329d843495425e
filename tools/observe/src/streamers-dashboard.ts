import type { DashboardSpec } from './dashboard';

const rate = (series: string): string => `rate(${series}[$__rate_interval])`;
const HOT = 'sum by (streamer) (interaction_hot_streamers_earned)';

/** Who gets most just now, and what that does to interaction. */
export const streamersDashboard: DashboardSpec = {
  uid: 'giftmesh-streamers',
  title: 'giftmesh: hot streamers',
  description: 'Streamers who get most, rooms and watchers, and the way of their gifts through interaction.',
  rows: [
    {
      title: 'Who gets most',
      panels: [
        {
          title: 'The first ten, coins in the last full minute',
          description:
            'Each interaction tells the first ten of what it counts (Space-Saving with 128 places); they are added up. Small ones are missing, and where very many streamers get gifts a number may be too high by a 128th of all.',
          kind: 'bargauge',
          unit: 'short',
          width: 12,
          queries: [{ expr: `topk(10, ${HOT})`, legend: 'streamer {{streamer}}' }],
        },
        {
          title: 'Over time',
          description: 'The same, minute by minute.',
          unit: 'short',
          width: 12,
          queries: [{ expr: `topk(10, ${HOT})`, legend: 'streamer {{streamer}}' }],
        },
        {
          title: 'Share of the hottest',
          description:
            'Of all that streamers got. A batch of the ledger costs one row update for each streamer, so a high share is cheap for it; rooms are what gets hot.',
          unit: 'percentunit',
          min: 0,
          queries: [{ expr: `max(${HOT}) / (60 * sum(rate(interaction_earnings_total[2m])))`, legend: 'share' }],
        },
        {
          title: 'Coins that streamers get',
          description: 'Coins a second, of all of them.',
          unit: 'short',
          queries: [{ expr: `sum(${rate('interaction_earnings_total')})`, legend: 'coins a second' }],
        },
        {
          title: 'Rankings by where they came from',
          description: 'Rankings that were asked for. Loads go to the store.',
          unit: 'reqps',
          stacked: true,
          queries: [{ expr: `sum by (outcome) (${rate('cache_requests_total')})`, legend: '{{outcome}}' }],
        },
      ],
    },
    {
      title: 'Rooms',
      panels: [
        {
          title: 'Watchers',
          description: 'Open watches of rooms, by process.',
          unit: 'short',
          min: 0,
          stacked: true,
          queries: [{ expr: 'sum by (instance) (interaction_watchers)', legend: '{{instance}}' }],
        },
        {
          title: 'Rooms that somebody watches',
          description: 'A room counts once on each process that has watchers of it.',
          unit: 'short',
          min: 0,
          queries: [{ expr: 'sum by (instance) (interaction_rooms)', legend: '{{instance}}' }],
        },
        {
          title: 'Streams of gifts',
          description: 'Open streams (StreamGifts), by process.',
          unit: 'short',
          min: 0,
          queries: [{ expr: 'sum by (instance) (interaction_gift_streams)', legend: '{{instance}}' }],
        },
        {
          title: 'Gifts that wait for the station',
          description: 'They leave together with the next call. Growth means that the station is slow.',
          unit: 'short',
          min: 0,
          queries: [{ expr: 'sum by (instance) (interaction_gifts_queued)', legend: '{{instance}}' }],
        },
        {
          title: 'Calls to the station under way',
          description: 'Each carries a batch of gifts.',
          unit: 'short',
          min: 0,
          queries: [{ expr: 'sum by (instance) (interaction_gift_batches_in_flight)', legend: '{{instance}}' }],
        },
        {
          title: 'Failures behind the cache of rankings',
          description: 'Of the store, and of the layer that processes share.',
          unit: 'reqps',
          queries: [{ expr: `sum by (of) (${rate('cache_failures_total')})`, legend: '{{of}}' }],
        },
      ],
    },
  ],
};

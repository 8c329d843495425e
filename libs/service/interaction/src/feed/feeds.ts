import type { ComboTracker } from '@giftmesh/domain-gifts';
import type { RoomHub } from '../hub/room-hub';
import type { ReadPlaces } from '../leaderboard-entries';
import type { InteractionOptions } from '../options';
import type { InteractionPorts } from '../ports';
import type { Rankings } from '../rooms/rankings';
import { ActivityFeed, type ActivityFeedStats } from './activity-feed';
import { GiftShow } from './gift-show';
import { HotStreamers } from './hot-streamers';
import { RankNews } from './rank-news';
import { RoomFeed } from './room-feed';

/**
 * What follows the log: one feed that counts and shows, or, where the counting is shared with other instances, one that counts its share
 * and one that shows all of it.
 */
export class Feeds {
  readonly #counting: ActivityFeed;
  readonly #showing: RoomFeed | undefined;
  readonly #ranks: RankNews;
  /** Who gets most of what is counted here. */
  readonly hot: HotStreamers;

  constructor(
    ports: InteractionPorts,
    options: InteractionOptions,
    hub: RoomHub,
    combos: ComboTracker,
    rankings: Rankings,
  ) {
    const { log, countedLog } = ports;
    const gifts = new GiftShow(hub, combos, ports.catalogue);
    // Who has just written looks at what it wrote; who only hears of gifts is content with what was read lately.
    const read: ReadPlaces = (query) =>
      countedLog === undefined ? ports.activity.leaderboard(query) : rankings.places(query);
    const ranks = new RankNews(ports, options, hub, read);
    const onWritten = (roomIds: readonly bigint[]): Promise<void> => ranks.announce(roomIds);
    this.#ranks = ranks;
    this.hot = new HotStreamers(ports.clock);
    this.#showing = countedLog === undefined ? undefined : new RoomFeed(ports, options, gifts, ranks);
    this.#counting = new ActivityFeed(
      ports,
      options,
      countedLog === undefined
        ? { log, gifts, onWritten, hot: this.hot }
        : { log: countedLog, gifts: undefined, onWritten: async () => undefined, hot: this.hot },
    );
  }

  /** Rejects when log or store can't be read. */
  async start(): Promise<void> {
    await this.#showing?.start();
    await this.#counting.start();
  }

  /** Ends when what was counted is written. */
  async close(): Promise<void> {
    this.#ranks.stop();
    await Promise.all([this.#showing?.close(), this.#counting.close()]);
  }

  /** What was counted by this instance. */
  stats(): ActivityFeedStats {
    return this.#counting.stats();
  }
}

import type { interaction } from '@giftmesh/contract';
import { ComboTracker } from '@giftmesh/domain-gifts';
import type { ReadCacheStats } from '@giftmesh/mesh-cache';
import { runOutsideCall, type Handlers } from '@giftmesh/mesh-context';
import type { ActivityFeedStats } from './feed/activity-feed';
import { Feeds } from './feed/feeds';
import type { HotStreamers } from './feed/hot-streamers';
import { GiftDesk, type GiftDeskStats } from './gifts/gift-desk';
import { sendGiftHandler } from './gifts/send-gift';
import { GiftStreams } from './gifts/stream-gifts';
import { RoomHub } from './hub/room-hub';
import { firstPlaces } from './leaderboard-entries';
import { interactionOptions, type InteractionOptions } from './options';
import type { InteractionPorts } from './ports';
import { enterRoomHandler } from './rooms/enter-room';
import { getLeaderboardHandler } from './rooms/get-leaderboard';
import { listGiftsHandler } from './rooms/list-gifts';
import { Rankings } from './rooms/rankings';
import { watchRoomHandler } from './rooms/watch-room';

/** What the service has done since its start. */
export interface InteractionStats {
  readonly gifts: GiftDeskStats;
  readonly giftStreams: number;
  readonly feed: ActivityFeedStats;
  readonly rooms: number;
  readonly watchers: number;
  readonly combos: number;
  readonly rankings: ReadCacheStats;
}

/** The interaction service: what answers its RPCs, and its life. */
export interface InteractionService {
  readonly handlers: Handlers<typeof interaction.InteractionServiceService>;
  /** Begins to follow the log. Rejects when log or activity store can't be read. Handlers answer before it, too. */
  start(): Promise<void>;
  /** Takes no more gifts; streams answer what they have read and end, and so do watches. */
  drain(): void;
  /** Drains, and ends when what was counted is written. The ports stay open. */
  close(): Promise<void>;
  stats(): InteractionStats;
  /** Who gets most, of what this instance counts. */
  readonly hotStreamers: HotStreamers;
}

/** Random bytes of an instance's id, which is their hexadecimal text. */
const INSTANCE_ID_BYTES = 8;

/** Builds the service on its ports. Throws RangeError for options that make no sense. Nothing runs before `start`. */
export function createInteractionService(
  ports: InteractionPorts,
  given: Partial<InteractionOptions> = {},
): InteractionService {
  const options = interactionOptions(given);
  const combos = new ComboTracker({ clock: ports.clock });
  const instanceId = Buffer.from(ports.random.bytes(INSTANCE_ID_BYTES)).toString('hex');
  const rankings = new Rankings(ports, options);
  const hub = new RoomHub(
    ports.clock,
    instanceId,
    options,
    (roomId) => firstPlaces((query) => rankings.places(query), options.rankedPlaces, roomId),
    ports.isShed,
  );
  const desk = new GiftDesk(ports, options, combos);
  const streams = new GiftStreams(desk, ports.clock, options, ports.shadow);
  const feeds = new Feeds(ports, options, hub, combos, rankings);
  const drain = (): void => {
    streams.drain();
    desk.close();
    hub.close();
  };
  return {
    handlers: {
      sendGift: sendGiftHandler(desk, ports.clock, ports.shadow),
      streamGifts: streams.handle,
      listGifts: listGiftsHandler(ports.catalogue, ports.rooms),
      enterRoom: enterRoomHandler(ports, hub),
      watchRoom: watchRoomHandler(ports.rooms, hub),
      getLeaderboard: getLeaderboardHandler(ports, rankings),
    },
    start: () => runOutsideCall(() => feeds.start()),
    drain,
    close: async () => {
      drain();
      await feeds.close();
    },
    hotStreamers: feeds.hot,
    stats: () => ({
      gifts: desk.stats(),
      giftStreams: streams.open,
      feed: feeds.stats(),
      rooms: hub.rooms,
      watchers: hub.watchers,
      combos: combos.combos,
      rankings: rankings.stats(),
    }),
  };
}

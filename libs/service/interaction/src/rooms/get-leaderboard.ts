import { interaction } from '@giftmesh/contract';
import { utcDayOf, type LeaderboardKind } from '@giftmesh/domain-gifts';
import { placesToProto } from '../leaderboard-entries';
import type { InteractionPorts } from '../ports';
import { activityAway } from './enter-room';
import { Fields, roomOrThrow } from './fields';
import { PLACES_MAX, type Rankings } from './rankings';

const LIMIT_DEFAULT = 10;

const KINDS = new Map<number, LeaderboardKind>([
  [interaction.LeaderboardKind.VIEWERS, 'viewers'],
  [interaction.LeaderboardKind.STREAMERS, 'streamers'],
  [interaction.LeaderboardKind.ACTIVITY, 'activity'],
]);

const PERIODS = new Map<number, 'total' | 'day'>([
  [interaction.LeaderboardPeriod.UNSPECIFIED, 'total'],
  [interaction.LeaderboardPeriod.TOTAL, 'total'],
  [interaction.LeaderboardPeriod.DAY, 'day'],
]);

/** The handler of GetLeaderboard. While rankings are shed, or can't be read, they are shown as they were lately. */
export function getLeaderboardHandler({ rooms, clock, isShed }: InteractionPorts, rankings: Rankings) {
  return async (request: interaction.GetLeaderboardRequest): Promise<interaction.GetLeaderboardResponse> => {
    const { roomId } = request;
    const fields = new Fields();
    fields.id('room_id', roomId);
    const kind = KINDS.get(request.kind);
    if (kind === undefined) fields.wrong('LEADERBOARD_KIND_UNKNOWN', 'kind', 'must be one of the named kinds');
    const period = PERIODS.get(request.period);
    if (period === undefined) fields.wrong('LEADERBOARD_PERIOD_UNKNOWN', 'period', 'must be one of the named periods');
    const limit = fields.size('LIMIT_OUT_OF_RANGE', 'limit', request.limit, LIMIT_DEFAULT, PLACES_MAX);
    fields.done();
    roomOrThrow(rooms, roomId);
    const day = period === 'day' ? utcDayOf(clock.nowMs()) : undefined;
    try {
      const query = { roomId, kind: kind ?? 'viewers', day, limit };
      return { entries: placesToProto(await rankings.places(query, isShed?.('rankings') === true)) };
    } catch (cause) {
      return activityAway(cause);
    }
  };
}

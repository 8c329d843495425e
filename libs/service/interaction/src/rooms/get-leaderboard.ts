import { interaction } from '@giftmesh/contract';
import { utcDayOf, type LeaderboardKind } from '@giftmesh/domain-gifts';
import { placesToProto } from '../leaderboard-entries';
import type { InteractionPorts } from '../ports';
import { activityAway } from './enter-room';
import { Fields, roomOrThrow } from './fields';

const LIMIT_DEFAULT = 10;
const LIMIT_MAX = 100;

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

/** The handler of GetLeaderboard. */
export function getLeaderboardHandler({ activity, rooms, clock }: InteractionPorts) {
  return async (request: interaction.GetLeaderboardRequest): Promise<interaction.GetLeaderboardResponse> => {
    const { roomId } = request;
    const fields = new Fields();
    fields.id('room_id', roomId);
    const kind = KINDS.get(request.kind);
    if (kind === undefined) fields.wrong('LEADERBOARD_KIND_UNKNOWN', 'kind', 'must be one of the named kinds');
    const period = PERIODS.get(request.period);
    if (period === undefined) fields.wrong('LEADERBOARD_PERIOD_UNKNOWN', 'period', 'must be one of the named periods');
    const limit = fields.size('LIMIT_OUT_OF_RANGE', 'limit', request.limit, LIMIT_DEFAULT, LIMIT_MAX);
    fields.done();
    roomOrThrow(rooms, roomId);
    const day = period === 'day' ? utcDayOf(clock.nowMs()) : undefined;
    const places = await activity
      .leaderboard({ roomId, kind: kind ?? 'viewers', day, limit })
      .catch((cause: unknown) => activityAway(cause));
    return { entries: placesToProto(places) };
  };
}

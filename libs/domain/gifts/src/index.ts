export { POINTS_FOR_ENTERING, POINTS_PER_COIN, utcDayOf } from './activity';
export { ActivityTally, type PaidGift } from './activity-tally';
export { GiftCatalogue, seededCatalogue } from './catalogue';
export { checkOrder, type CheckedOrder, type OrderProblem, type OrderRules } from './check-order';
export { comboIdOf, ComboTracker, type ComboIdentity, type ComboTrackerOptions } from './combo-tracker';
export type { Gift } from './gift';
export { costOf, type GiftOrder } from './gift-order';
export { rulesOf, type GiftRules } from './gift-rules';
export { INTERACTION_ERROR_CODES, type InteractionReason } from './interaction-errors';
export {
  ActivityPositionError,
  LEADERBOARD_KINDS,
  SCORE_OF_KIND,
  type ActivityBatch,
  type ActivityStore,
  type LeaderboardKind,
  type LeaderboardPlace,
  type LeaderboardQuery,
  type PositionMove,
  type ScoreDelta,
  type Scores,
} from './ports/activity-store';
export { priceGift } from './price-gift';
export { RecentMap } from './recent-map';
export { FixedRooms, seededRooms, type Room, type RoomDirectory } from './rooms';
export { DEBIT_RUNS_MAX, SeenDebits, type DebitRuns, type SeenAccount } from './seen-debits';

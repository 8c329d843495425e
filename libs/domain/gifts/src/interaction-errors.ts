/**
 * Business codes of refusals by the interaction service (10000-19999), by reason. Refusals that the payment services
 * decide keep their own codes (20000-29999). Numbers are never changed or used again.
 */
export const INTERACTION_ERROR_CODES = {
  /** Several fields are wrong, or one in a way that has no code of its own. */
  INVALID_REQUEST: 10_000,
  GIFT_NOT_FOUND: 10_001,
  ROOM_NOT_FOUND: 10_002,
  /** A recipient is none of the room's streamers. */
  RECIPIENT_NOT_IN_ROOM: 10_003,
  DUPLICATE_RECIPIENT: 10_004,
  TOO_MANY_RECIPIENTS: 10_005,
  COUNT_OUT_OF_RANGE: 10_006,
  SELF_GIFT_NOT_ALLOWED: 10_007,
  EVENT_ID_MALFORMED: 10_008,
  /** The client's clock is too far ahead; the error's metadata has the server's time. */
  EVENT_ID_IN_FUTURE: 10_009,
  COMBO_KEY_MALFORMED: 10_010,
  ID_OUT_OF_RANGE: 10_011,
  /** The gift would cost 2^53 or more. */
  AMOUNT_OVERFLOW: 10_012,
  PAGE_TOKEN_MALFORMED: 10_013,
  PAGE_SIZE_OUT_OF_RANGE: 10_014,
  RESUME_TOKEN_MALFORMED: 10_015,
  LEADERBOARD_KIND_UNKNOWN: 10_016,
  LEADERBOARD_PERIOD_UNKNOWN: 10_017,
  LIMIT_OUT_OF_RANGE: 10_018,
  /** A message of StreamGifts has no gifts or too many; ends the stream. */
  STREAM_MESSAGE_SIZE: 10_019,
  TOO_MANY_WATCHERS: 10_020,
  /** Too many gifts wait to be decided. */
  QUEUE_FULL: 10_021,
  /** The service is stopping: go on with another instance. */
  SHUTTING_DOWN: 10_022,
  /** Points and rankings can't be read. */
  ACTIVITY_AWAY: 10_023,
  /** The call is part of a load test, and there are no shadow stores that it could be written to. */
  STRESS_NOT_SUPPORTED: 10_024,
} as const;

export type InteractionReason = keyof typeof INTERACTION_ERROR_CODES;

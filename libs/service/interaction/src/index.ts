export { createInteractionService, type InteractionService, type InteractionStats } from './interaction-service';
export { observeInteraction } from './observe-interaction';
export { observeRankings } from './observe-rankings';
export { DEFAULT_INTERACTION_OPTIONS, interactionOptions, type InteractionOptions } from './options';
export type { InteractionPorts, PaymentCallOptions, PaymentClient } from './ports';
export type { ActivityFeedStats } from './feed/activity-feed';
export type { GiftDeskStats } from './gifts/gift-desk';
export { INTERACTION_FEATURES, SHED_FACTOR, type InteractionFeature, type IsShed } from './features';
export { HOT_STREAMERS_MAX, HOT_WINDOW_MS, type HotStreamer, type HotStreamers } from './feed/hot-streamers';

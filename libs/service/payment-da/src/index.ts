export { createPaymentDa, type PaymentDa, type PaymentDaDependencies } from './payment-da';
export { PaymentDaHandlers, REQUEST_ITEMS_MAX } from './service';
export {
  DEFAULT_SETTLER_OPTIONS,
  Settler,
  type OnSettled,
  type SettlerOptions,
  type SettlerStats,
  type WatchBatch,
} from './settler';
export { AppliedPositions, type AppliedPositionsOptions } from './applied-positions';
export { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from './record-page';
export {
  DEFAULT_DEAD_LETTER_RETRIER_OPTIONS,
  DeadLetterRetrier,
  type DeadLetterRetrierOptions,
  type DeadLetterStats,
} from './dead-letter-retrier';
export { watchAudit, type AuditFindings, type AuditLog, type WatchAuditOptions } from './watch-audit';
export { observePaymentDa, SETTLE_LAG_BOUNDS_S, type DaMetrics } from './da-metrics';
export { LAG_LOOK_EVERY_MS, LogLag, type LogLagPorts } from './log-lag';
export { LETTER_KINDS, letterKind, type LetterCounts, type LetterKind } from './letter-kind';
export { countedIn, LETTERS_COUNTED_MAX, ParkedEvents } from './parked-events';
export { dropLetter, readLetter, replayLetter, type LetterContent, type Replay } from './replay-letter';

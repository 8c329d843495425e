export {
  createPaymentStation,
  type PaymentStation,
  type PaymentStationDependencies,
  type PaymentStationOptions,
} from './payment-station';
export { callCarrier } from './call-carrier';
export type { CarrierSource } from './log-appender';
export type { OutgoingCallOptions, PaymentDaClient } from './ports';
export { PaymentStationHandlers, REQUEST_ITEMS_MAX } from './service';
export { DEFAULT_SWEEPER_OPTIONS, Sweeper, type SweeperOptions } from './sweeper';
export { observePaymentStation } from './station-metrics';
export { OUTBOX_LOOK_EVERY_MS, OutboxSize } from './outbox-size';
export { OUTCOMES, OutcomeCounts, type Outcome } from './outcome-counts';
export type { GenerationRecovery } from './generation-recovery';
export type { SettledMerger } from './settled-merger';

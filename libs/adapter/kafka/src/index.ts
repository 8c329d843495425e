export { KafkaEventLog } from './event-log';
export type { ConsumerGroup } from './group-membership';
export { KafkaCodeError, KafkaSetupError } from './kafka-errors';
export type { KafkaEventLogOptions } from './options';

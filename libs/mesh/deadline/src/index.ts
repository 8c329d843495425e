export { DEADLINE_HEADER, formatDeadlineStamp, parseDeadlineStamp } from './deadline-stamp';
export { DeadlineWheel, type DeadlineWheelOptions, type Expiring } from './deadline-wheel';
export { incomingTimeout, QUEUEING_MS_MAX, type IncomingLimits } from './incoming-timeout-decider';
export { outgoingTimeout, RESERVE_MS, type OutgoingLimits } from './outgoing-timeout-decider';

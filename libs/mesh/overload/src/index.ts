export { admission } from './admission';
export type { AdmissionDecider, ConcurrencyDecider, WaitingOrder, WindowReading } from './admission-decider';
export type { AdmissionKind, ConcurrencyKind } from './admission-options';
export type { AdmissionSettings } from './admission-settings';
export type { Admission, AdmissionOptions } from './admission-shape';
export { BackendLevels, type BackendLevelsOptions } from './backend-levels-decider';
export { earlyShedding, type EarlyShedding, type EarlySheddingOptions } from './early-shedding';
export { LEVEL_TRAILER, SHED_HEADER, SHED_REPORT_MAX } from './level-header';
export { monitorLoop, type LoopMonitor } from './loop-monitor';
export { OVERLOADED } from './overloaded';
export { priorities, priorityPropagation, type IsLeast, type Priorities, type PrioritiesOptions } from './priorities';
export {
  businessOf,
  compoundPriority,
  formatPriority,
  LEVEL_OPEN,
  parsePriority,
  PRIORITY_HEADER,
  priorityOf,
  setPriority,
  userPriority,
  type Priority,
} from './priority';

export { EXIT, ExitError, exitMessage, knownExitCode } from './exit-codes';
export { LOG_LEVELS, createLogger, type LogFields, type LogLevel } from './logger';
export { migrateOnly, type MigrateSettings } from './migrate-only';
export { runProcess, type ProcessDefinition, type Running } from './run-process';
export {
  commonSettings,
  embeddedSettings,
  meshSettings,
  moneyTopic,
  mysqlSettings,
  redisSettings,
  shardNumbers,
  storeSettings,
  unlessNone,
} from './settings';
export {
  openRealAndShadow,
  shadowSettings,
  stressEdgeSettings,
  stressOf,
  stressSettings,
  type RealAndShadow,
} from './stress-settings';
export { watchShadow } from './watch-shadow';

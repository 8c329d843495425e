export { commandLine, type CommandLine } from './command-line';
export { EXIT, ExitError, exitMessage, knownExitCode } from './exit-codes';
export { LOG_LEVELS, createLogger, type LogFields, type LogLevel } from './logger';
export { migrateOnly, type MigrateSettings } from './migrate-only';
export { openTls, type ProcessTls, type TlsLog } from './process-tls';
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
export { certificateFilesOf, tlsSettings, type TlsConfig } from './tls-settings';
export { watchShadow } from './watch-shadow';

export { EXIT, ExitError, knownExitCode } from './exit-codes';
export { LOG_LEVELS, createLogger, type LogFields, type LogLevel } from './logger';
export { runProcess, type ProcessDefinition, type Running } from './run-process';
export {
  commonSettings,
  embeddedSettings,
  meshSettings,
  moneyTopic,
  redisSettings,
  storeSettings,
  unlessNone,
} from './settings';

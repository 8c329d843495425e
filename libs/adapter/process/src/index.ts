export { EXIT, ExitError, knownExitCode } from './exit-codes';
export { LOG_LEVELS, createLogger, type LogLevel } from './logger';
export { runProcess, type ProcessDefinition, type Running } from './run-process';
export { commonSettings, embeddedSettings } from './settings';

export { ConfigError, EX_CONFIG, loadConfig } from './load-config';
export * as shape from './shape';

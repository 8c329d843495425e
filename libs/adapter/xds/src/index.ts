export { BOOTSTRAP_FILE, BOOTSTRAP_TEXT, readBootstrap, type Bootstrap } from './bootstrap';
export { isXdsTarget, parseXdsTarget, type XdsTarget } from './target';
export { useXds } from './use-xds';

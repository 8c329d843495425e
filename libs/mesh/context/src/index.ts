export { Call, callCancelled, deadlineExceeded, type CallOptions, type CancelListener } from './call';
export { CallContext, type CallContextOptions } from './call-context';
export type { Arrival, CallHost, HostedMethod } from './call-host';
export { contextKey, type ContextKey } from './context-key';
export { currentCall, runInCall, runOutsideCall } from './current-call';
export { DrainNotice } from './drain-notice';
export { service, type Handler, type Handlers, type Service } from './handlers';
export { metadataOf, noMetadata, type CallMetadata } from './metadata';
export type { MethodDefinition, RequestOf, ResponseOf, ServiceDefinition } from '@giftmesh/mesh-policy';

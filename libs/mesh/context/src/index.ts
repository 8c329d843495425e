export { Call, callCancelled, deadlineExceeded, type CallOptions, type CancelListener } from './call';
export { CallContext, type CallContextOptions } from './call-context';
export type { Arrival, CallHost, HostedMethod } from './call-host';
export { wrapCall, wrapStream, type ClientPolicy, type Make } from './client-policy';
export { contextKey, type ContextKey } from './context-key';
export { currentCall, currentValue, runInCall, runOutsideCall, runWith } from './current-call';
export { DrainNotice } from './drain-notice';
export { service, type Handler, type Handlers, type Service } from './handlers';
export { metadataFrom, metadataOf, noMetadata, type CallMetadata, type MetadataSource } from './metadata';
export { openIncomingCall, openOutgoingCall, type IncomingCallOptions, type OutgoingCallSettings } from './open-call';
export { cancelReasonOf, OutgoingCall, type OutgoingCallOptions } from './outgoing-call';
export { Passage } from './passage';
export { noDecisions, type Decided, type OnDecision, type PolicyState } from './policy-state';
export {
  composeAround,
  type Around,
  type EarlyArrival,
  type EarlyCheck,
  type Refusal,
  type ServerPolicy,
} from './server-policy';
export type { MethodDefinition, RequestOf, ResponseOf, ServiceDefinition } from '@giftmesh/mesh-policy';

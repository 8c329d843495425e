export { createClient, type ClientCallOptions, type ClientMethod, type ClientOptions, type MeshClient } from './client';
export { grpcTransport, type GrpcTransportOptions } from './grpc/grpc-transport';
export { inProcessTransport } from './in-process/in-process-transport';
export { messagePortTransport, type MessagePortTransportOptions } from './message-port/message-port-transport';
export { serveMessagePort, type ServeMessagePortOptions } from './message-port/serve-message-port';
export { remoteHealth } from './remote-health';
export type { Transport } from './transport';

export { ListenError } from './listen-error';
export { createMeshServer, type MeshServer, type MeshServerOptions } from './mesh-server';
export type { ServerLimits } from './server-limits';
export { ServiceHost, type OnInternalCallError, type ServedMethod, type ServiceHostOptions } from './service-host';
export { service, type Handler, type Handlers, type Service } from '@giftmesh/mesh-context';
export type { DrainOutcome } from '@giftmesh/mesh-lifecycle';
export { HealthRegistry } from '@giftmesh/mesh-health';

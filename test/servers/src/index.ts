export { MeshServers, type RedisLoss } from './mesh-servers';
export { ServerMesh, SERVICE_NAMES, type Instance, type ServiceName } from './server-mesh';

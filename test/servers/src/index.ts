export { LINKS, MeshLinks, type Link, type LinkEnd, type ProcessLink } from './mesh-links';
export { INSTANCES, SERVICE_NAMES, SERVICES, type Instance, type ServiceName } from './mesh-names';
export {
  MeshServers,
  type MeshServersOptions,
  type Promotion,
  type RedisLoss,
  type ServerAddresses,
} from './mesh-servers';
export { ProcessClock } from './process-clock';
export { failOver, isWhole, killMaster } from './redis-nodes';
export { ServerMesh, type MoreSettings } from './server-mesh';
export { TcpProxy, type LinkTrouble } from './tcp-proxy';

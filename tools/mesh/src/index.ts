export { MeshProcesses, type MeshProcessesOptions } from './mesh-processes';
export type { RunningService } from './mesh-text';
export type { ServerUrls, ServiceName } from './plan';

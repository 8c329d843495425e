export { AppProcess, type AppEnd, type AppName, type AppOptions, type ReadyLine } from './app-process';
export { CallError, type FieldProblem } from './call-error';
export { connect, type CallOptions, type Connection, type UnaryCalls } from './connection';
export { freePort } from './free-port';
export { Harness, type MeshClients, type RunningMesh } from './harness';
export { readStream, type StreamEnd } from './read-stream';
export { repositoryRoot } from './repository-root';
export { TempFolders } from './temp-folders';
export { useMesh } from './use-mesh';
